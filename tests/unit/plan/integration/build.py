"""One integration, and the world as it is once the integration has converged: every value can be overridden.

Literals are Teleport's (lib/integrations/awsoidc/idp_iam_config.go, lib/cloud/aws/policy_statements.go).
"""

from dataclasses import replace
from typing import Any

from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration, IntegrationProof, TeleportCluster
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.scope import Scope

from tests.wizard_policies import DEPLOY_SERVICE, LIST_DATABASES

MARK = "cluster-a/awsoidc/teleport/prod-aws"
PROVIDER_ARN = "arn:aws:iam::123456789012:oidc-provider/example.teleport.sh"
THUMBPRINT = "0123456789abcdef0123456789abcdef01234567"
ROLE_ARN = "arn:aws:iam::123456789012:role/teleport-integration"
TELEPORT_TAGS = {
    "teleport.dev/cluster": "example.teleport.sh",
    "teleport.dev/origin": "integration_awsoidc",
    "teleport.dev/integration": "prod-aws",
}
TAGS = {**TELEPORT_TAGS, "rds-enrollment.dev/owner": MARK}
SHARED_TAGS = {**TELEPORT_TAGS, "rds-enrollment.dev/owner": "cluster-a"}

WANTED = WantedIntegration(
    scope=Scope(
        account="123456789012",
        partition="aws",
        integration="prod-aws",
        cluster=TeleportCluster("example.teleport.sh", "18.0.0", "example.teleport.sh:443", cloud=False),
        enterprise=False,
    ),
    owner=Owner("cluster-a", "awsoidc", "teleport", "prod-aws"),
    role=IamRole(name="teleport-integration"),
    task_roles=frozenset({"TeleportDatabaseAccess-*"}),
    user_tags={},
)
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": PROVIDER_ARN},
            "Condition": {"StringEquals": {"example.teleport.sh:aud": "discover.teleport"}},
        }
    ],
}
PROVIDER = IdentityProvider(
    arn=PROVIDER_ARN,
    url="example.teleport.sh",
    audiences=frozenset({"discover.teleport"}),
    tags=SHARED_TAGS,
    thumbprints=(THUMBPRINT,),
)
ROLE = Role(
    name="teleport-integration",
    arn=ROLE_ARN,
    path="/",
    trust=TRUST,
    tags=TAGS,
    policies={"ListDatabases": LIST_DATABASES, "DeployService": DEPLOY_SERVICE},
)
INTEGRATION = Integration(
    name="prod-aws",
    sub_kind="aws-oidc",
    role_arn=ROLE_ARN,
    labels={"rds-enrollment.dev/owner": MARK},
)
CONVERGED = IntegrationWorld(
    provider=PROVIDER,
    thumbprint=THUMBPRINT,
    role=ROLE,
    former_roles=(),
    integration=INTEGRATION,
    proof=IntegrationProof(account="123456789012"),
    dependents=(),
    provider_users=(),
    provider_shared=False,
)


def world(**fields: Any) -> IntegrationWorld:
    """The converged world with some fields otherwise."""
    return replace(CONVERGED, **fields)
