"""What an AwsOidcIntegration refuses."""

from tests.cluster.refused.manifest import BOUNDARY, INTEGRATION, Case

CASES = {
    "account id not quoted": Case(
        INTEGRATION,
        "spec.accountId",
        123456789012,
        "spec.accountId in body must be of type string",
        "123456789012",
    ),
    "account id too short": Case(
        INTEGRATION,
        "spec.accountId",
        "12345",
        "spec.accountId in body should match '^[0-9]{12}$'",
        "000000000000",
    ),
    "integration name": Case(
        INTEGRATION,
        "spec.integrationName",
        "Prod",
        "spec.integrationName in body should match '^[a-z]([-a-z0-9]*[a-z0-9])?$'",
        "prod",
    ),
    "role missing": Case(INTEGRATION, "spec.role", {}, "spec.role.name: Required value", {"name": "r"}),
    "role by ARN": Case(
        INTEGRATION,
        "spec.role.name",
        "arn:aws:iam::123456789012:role/teleport",
        "spec.role.name in body should match '^[A-Za-z0-9_+=,.@-]+$'",
        "teleport",
    ),
    "role path": Case(INTEGRATION, "spec.role.path", "teams", "spec.role.path in body should match", "/"),
    "boundary that is no policy": Case(
        INTEGRATION,
        "spec.role.permissionsBoundary",
        "arn:aws:iam::123456789012:role/boundary",
        "spec.role.permissionsBoundary in body should match",
        "arn:aws-us-gov:iam::123456789012:policy/teams/boundary",
    ),
    "boundary of an observed role": Case(
        INTEGRATION,
        "spec.role",
        {"name": "r", "managementPolicy": "Observe", "permissionsBoundary": BOUNDARY},
        "permissionsBoundary goes with managementPolicy Manage: an observed role is not changed",
        {"name": "r", "managementPolicy": "Manage", "permissionsBoundary": BOUNDARY},
    ),
    "identity provider half managed": Case(
        INTEGRATION,
        "spec.identityProvider.managementPolicy",
        "Adopt",
        'spec.identityProvider.managementPolicy: Unsupported value: "Adopt"',
        "Observe",
    ),
    "role to assume of another account": Case(
        INTEGRATION,
        "spec.assumeRoleArn",
        "arn:aws:iam::222222222222:role/operator",
        "assumeRoleArn names a role of accountId",
        "arn:aws:iam::123456789012:role/teams/operator",
    ),
    "selector of namespaces that none asks for": Case(
        INTEGRATION,
        "spec.allowedNamespaces",
        {"from": "All", "selector": {"matchLabels": {"team": "data"}}},
        "selector goes with from Selector, and only with it",
        {"from": "Selector", "selector": {"matchLabels": {"team": "data"}}},
    ),
}
