"""IAM documents of the roles that we make: the ones that Teleport's wizard writes, narrower ones, and their comparison
by meaning. Those that the operator's own identities need are in `plan.permissions.policy`.

Sources: Teleport lib/cloud/aws/policy_statements.go;
lib/integrations/awsoidc/{deployservice,listdatabases,idp}_iam_config.go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from rds_enrollment.plan import names
from rds_enrollment.plan.observed.aws import Document

VERSION = "2012-10-17"
AUDIENCE = "discover.teleport"
LIST_DATABASES = "ListDatabases"
DEPLOY_SERVICE = "DeployService"
_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup")
_ECR_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")

Statement = Mapping[str, Any]
"""One statement of a document, as JSON has it."""


def integration_trust(partition: str, account: str, issuer: str) -> Document:
    """Trust of the integration role: Teleport's tokens, by the identity provider, for the one audience."""
    return policy(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": names.identity_provider_arn(partition, account, issuer)},
            "Condition": {"StringEquals": {f"{names.issuer_host(issuer)}:aud": AUDIENCE}},
        }
    )


def list_databases() -> Document:
    """Inline policy `ListDatabases` of the integration role."""
    return policy(
        _allow(
            "rds:DescribeDBInstances",
            "rds:DescribeDBClusters",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        )
    )


def deploy_service(partition: str, account: str, task_roles: Iterable[str]) -> Document:
    """Inline policy `DeployService` of the integration role; `task_roles` are names with their paths (`teams/agents`),
    `*` allowed at their end."""
    roles = sorted({names.role_arn(partition, account, role) for role in task_roles})
    return policy(
        _allow("iam:PassRole", resources=roles),
        _allow(
            "ecs:DescribeClusters",
            "ecs:CreateCluster",
            "ecs:PutClusterCapacityProviders",
            "ecs:DescribeServices",
            "ecs:CreateService",
            "ecs:UpdateService",
            "ecs:ListServices",
            "ecs:RegisterTaskDefinition",
            "ecs:DescribeTaskDefinition",
            "ecs:DeregisterTaskDefinition",
            "ecs:TagResource",
            "ec2:DescribeSecurityGroups",
            "iam:CreateServiceLinkedRole",
        ),
    )


def task_trust() -> Document:
    """Trust of the task role: ECS tasks."""
    return policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    )


def task_policy(*more: Statement) -> Document:
    """Inline policy of the task role, with `more` statements; the wizard gives it the role's own name."""
    return policy(
        _allow("rds-db:connect"),
        _allow("rds:DescribeDBInstances", "rds:DescribeDBClusters"),
        _allow(*_LOGGING),
        *more,
    )


def read_secret(arn: str) -> Statement:
    """What an execution role needs for a registry's credentials (Amazon ECS Developer Guide, private registry
    authentication)."""
    return _allow("secretsmanager:GetSecretValue", resources=[arn])


def pull_from_ecr() -> Statement:
    """What an execution role needs for a private Amazon ECR repository (AmazonECSTaskExecutionRolePolicy)."""
    return _allow("ecr:GetAuthorizationToken", *_ECR_PULL)


def pull_from(repository: str) -> tuple[Statement, ...]:
    """The same for the one repository of an ARN."""
    return _allow("ecr:GetAuthorizationToken"), _allow(*_ECR_PULL, resources=[repository])


def serving(partition: str, account: str, region: str) -> tuple[Statement, ...]:
    """Statements on the databases of one region."""
    rds = f"arn:{partition}:rds:{region}:{account}"
    return (
        _allow("rds-db:connect", resources=[f"arn:{partition}:rds-db:{region}:{account}:dbuser:*/*"]),
        _allow("rds:DescribeDBInstances", resources=[f"{rds}:db:*"]),
        _allow("rds:DescribeDBClusters", resources=[f"{rds}:cluster:*"]),
    )


def starting(log_group_arn: str, *more: Statement) -> tuple[Statement, ...]:
    """Statements for ECS to start a task that logs to a group, with `more` that its image needs."""
    return (_allow(*_LOGGING, resources=[f"{log_group_arn}:*"]), *more)


def policy(*statements: Statement) -> Document:
    """A document of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def statements(document: Document) -> list[Statement]:
    """The statements of a document; a single one need not stand in a list."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def trusts(document: Document, provider_arn: str) -> bool:
    """Whether a trust policy names an identity provider."""
    principals = (statement.get("Principal") for statement in statements(document))
    return any(
        isinstance(principal, Mapping) and provider_arn in _list(principal.get("Federated"))
        for principal in principals
    )


def same(one: Document, other: Document) -> bool:
    """Whether two documents mean the same: order, Sids and single-element lists carry no meaning. The version does:
    policy variables are plain text in the older one."""
    return one.get("Version") == other.get("Version") and _meaning(one) == _meaning(other)


def covers(document: Document, wanted: Document) -> bool:
    """Whether each statement of `wanted` stands in `document`."""
    return _meaning(wanted) <= _meaning(document)


def merged(document: Document, wanted: Document) -> Document:
    """`document` with the statements of `wanted` that it lacks appended; others' statements stay."""
    present = _meaning(document)
    missing = [statement for statement in statements(wanted) if _statement(statement) not in present]
    return {**document, "Statement": [*statements(document), *missing]}


def _allow(*actions: str, resources: list[str] | None = None) -> Statement:
    return {"Effect": "Allow", "Action": _single(list(actions)), "Resource": _single(resources or ["*"])}


def _single(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _meaning(document: Document) -> frozenset[object]:
    return frozenset(_statement(statement) for statement in statements(document))


def _statement(statement: Statement) -> object:
    return frozenset((key, _value(value)) for key, value in statement.items() if key != "Sid")


def _value(value: object) -> object:
    if isinstance(value, Mapping):
        return frozenset((key, _value(inner)) for key, inner in cast("Mapping[str, Any]", value).items())
    if isinstance(value, list | tuple):
        return frozenset(str(item) for item in value)
    return frozenset({str(value)})
