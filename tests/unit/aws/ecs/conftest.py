"""A VPC, a role and a task definition to make services of."""

import pytest
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.ecs import list_active_task_definitions
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.steps import iam as iam_steps

from hack.sandbox.aws.world import Vpc, World
from tests.unit.aws.conftest import REGION
from tests.unit.aws.ecs.ecs_world import FAMILY, READY, create_cluster, register


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "demo")


@pytest.fixture
def role(account: AwsAccount) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    apply(account, iam_steps.CreateRole(condition=READY, role="agents", description="", trust=trust, tags={}))
    return "arn:aws:iam::123456789012:role/agents"


@pytest.fixture
def task_definition(account: AwsAccount, role: str) -> str:
    """The ARN of a registered revision, in a cluster that exists."""
    apply(account, create_cluster())
    apply(account, register(role))
    return list_active_task_definitions(account, REGION, FAMILY)[0]
