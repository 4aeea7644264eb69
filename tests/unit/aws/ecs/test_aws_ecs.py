"""ECS clusters and task definitions over HTTP."""

from dataclasses import dataclass

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.ecs import get_cluster, get_service, get_task_definition, list_active_task_definitions
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.steps import ecs as ecs_steps

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.gate import Cut, Fault, Spoiled, Write
from tests.unit.aws.conftest import REGION
from tests.unit.aws.ecs.ecs_world import (
    CLUSTER,
    FAMILY,
    READY,
    SERVICE,
    TAGS,
    create_cluster,
    eventually,
    register,
    tasks,
)


@dataclass(frozen=True)
class LosingAnswers:
    """A gate that lets every write take effect, and loses its answer."""

    lost: Exception

    def before(self, write: Write) -> None:
        """Nothing."""

    def after(self, write: Write) -> None:
        raise self.lost


def test_a_cluster_reads_back_as_created(account: AwsAccount) -> None:
    for _ in range(2):  # ECS answers the second time with the same cluster
        apply(account, create_cluster())

    cluster = get_cluster(account, REGION, CLUSTER)

    assert cluster is not None
    assert cluster.arn == f"arn:aws:ecs:{REGION}:123456789012:cluster/{CLUSTER}"
    assert (cluster.name, cluster.status, cluster.active_services) == (CLUSTER, "ACTIVE", 0)
    assert cluster.capacity_providers == {"FARGATE"}
    assert cluster.tags == TAGS


def test_what_is_absent_reads_so(account: AwsAccount) -> None:
    assert get_cluster(account, REGION, CLUSTER) is None
    assert get_service(account, REGION, CLUSTER, SERVICE) is None
    assert tasks(account) == ()
    assert get_task_definition(account, REGION, FAMILY) is None
    assert list_active_task_definitions(account, REGION, FAMILY) == ()

    apply(account, create_cluster())

    assert get_service(account, REGION, CLUSTER, SERVICE) is None
    assert tasks(account) == ()


def test_capacity_providers_can_be_replaced(account: AwsAccount) -> None:
    apply(account, create_cluster())

    apply(
        account,
        ecs_steps.PutClusterCapacityProviders(
            condition=READY,
            region=REGION,
            cluster=CLUSTER,
            capacity_providers=("FARGATE", "FARGATE_SPOT"),
            default_provider="FARGATE",
        ),
    )

    cluster = get_cluster(account, REGION, CLUSTER)
    assert cluster is not None
    assert cluster.capacity_providers == {"FARGATE", "FARGATE_SPOT"}


def test_a_deleted_cluster_is_absent_or_inactive(account: AwsAccount) -> None:
    apply(account, create_cluster())

    for _ in range(2):
        apply(account, ecs_steps.DeleteCluster(condition=READY, region=REGION, cluster=CLUSTER))

    cluster = get_cluster(account, REGION, CLUSTER)
    assert cluster is None or cluster.status == "INACTIVE"


def test_a_task_definition_reads_back_verbatim(account: AwsAccount, role: str) -> None:
    step = register(role, runtimePlatform={"cpuArchitecture": "ARM64"})
    apply(account, step)

    found = get_task_definition(account, REGION, FAMILY)

    assert found is not None
    assert (found.family, found.revision, found.status) == (FAMILY, 1, "ACTIVE")
    assert found.arn.endswith(f"task-definition/{FAMILY}:1")
    assert found.tags == TAGS
    for name in ("taskRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform"):
        assert found.body[name] == step.body[name]
    assert found.body["containerDefinitions"][0]["name"] == "teleport-service"


def test_active_revisions_are_those_of_the_family_alone(account: AwsAccount, role: str) -> None:
    for _ in range(2):
        apply(account, register(role))
    apply(account, register(role, family=f"{FAMILY}-longer"))

    arns = list_active_task_definitions(account, REGION, FAMILY)

    assert [arn.rpartition("/")[2] for arn in arns] == [f"{FAMILY}:2", f"{FAMILY}:1"]


@pytest.mark.parametrize("lost", [Cut(), Spoiled(Fault.UNAVAILABLE)], ids=["cut", "unavailable"])
def test_a_registration_whose_answer_is_lost_is_not_repeated(
    account: AwsAccount, sandbox: AwsSandbox, role: str, lost: Exception
) -> None:
    sandbox.gate = LosingAnswers(lost)
    try:
        with pytest.raises(Transient):
            apply(account, register(role))
    finally:
        sandbox.gate = None
    assert len(list_active_task_definitions(account, REGION, FAMILY)) == 1


def test_a_revision_is_deregistered_then_deleted(account: AwsAccount, role: str) -> None:
    apply(account, register(role))
    (arn,) = list_active_task_definitions(account, REGION, FAMILY)

    with pytest.raises(Blocked) as caught:
        apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))
    assert caught.value.reason == Reason.AWS_REQUEST_REFUSED

    for _ in range(2):
        apply(account, ecs_steps.DeregisterTaskDefinition(condition=READY, region=REGION, arn=arn))
    assert list_active_task_definitions(account, REGION, FAMILY) == ()
    found = get_task_definition(account, REGION, arn)
    assert found is not None
    assert found.status == "INACTIVE"

    for _ in range(2):
        apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))
    eventually(lambda: get_task_definition(account, REGION, arn) is None)
    apply(account, ecs_steps.DeleteTaskDefinition(condition=READY, region=REGION, arn=arn))
