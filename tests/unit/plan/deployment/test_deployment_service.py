"""The ECS cluster and the service in it: each way they may stand."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.service import service_part
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.steps.ecs import (
    CreateCluster,
    CreateService,
    PutClusterCapacityProviders,
    ServiceShape,
    TagEcsResource,
    UpdateService,
)

from tests.unit.plan.deployment.build import (
    CLUSTER,
    CLUSTER_ARN,
    CLUSTER_SEEN,
    FOREIGN_TAGS,
    GROUP,
    SERVICE,
    SERVICE_ARN,
    SHARED_TAGS,
    SUBNETS,
    TAGS,
    TELEPORT_TAGS,
    WANTED,
    arn,
    rollout,
    service,
    task_definition,
    world,
)

DEPLOYED = ConditionType.SERVICE_DEPLOYED
SHAPE = ServiceShape(
    desired_count=2,
    task_definition_arn=arn(1),
    network=Network(frozenset(SUBNETS), frozenset({GROUP}), assign_public_ip=True),
    minimum_healthy_percent=100,
    maximum_percent=200,
    circuit_breaker=True,
    circuit_breaker_rollback=True,
    availability_zone_rebalancing=True,
    propagate_tags="SERVICE",
    execute_command=False,
)
UPDATE = UpdateService(condition=DEPLOYED, region="us-west-1", cluster=CLUSTER, service=SERVICE, shape=SHAPE)
CREATE = CreateService(
    condition=DEPLOYED, region="us-west-1", cluster=CLUSTER, service=SERVICE, shape=SHAPE, tags=TAGS
)


def planned(seen: DeploymentWorld, *, role_ready: bool = True, network_ready: bool = True) -> Part:
    return service_part(WANTED, seen, role_ready=role_ready, network_ready=network_ready, attempts=1)


@pytest.mark.parametrize("cluster", [None, replace(CLUSTER_SEEN, status="INACTIVE", tags={})])
def test_an_absent_cluster_is_created_first(cluster: Any) -> None:
    create = CreateCluster(
        condition=DEPLOYED,
        region="us-west-1",
        cluster=CLUSTER,
        capacity_providers=("FARGATE",),
        tags=SHARED_TAGS,
    )
    assert planned(world(cluster=cluster, service=None)).steps == (create,)


def test_a_cluster_of_ours_gets_fargate_back() -> None:
    lacking = replace(CLUSTER_SEEN, capacity_providers=frozenset({"FARGATE_SPOT"}))
    put = PutClusterCapacityProviders(
        condition=DEPLOYED,
        region="us-west-1",
        cluster=CLUSTER,
        capacity_providers=("FARGATE",),
        default_provider="FARGATE",
    )
    assert planned(world(cluster=lacking)).steps == (put,)


@pytest.mark.parametrize(
    "cluster",
    [
        replace(CLUSTER_SEEN, tags=TELEPORT_TAGS),
        replace(CLUSTER_SEEN, tags=FOREIGN_TAGS),
        replace(CLUSTER_SEEN, tags=TELEPORT_TAGS, capacity_providers=frozenset()),
    ],
)
def test_the_wizards_cluster_is_used_and_never_changed(cluster: Any) -> None:
    assert planned(world(cluster=cluster)).done
    assert planned(world(cluster=cluster, service=None)).steps == (CREATE,)


@pytest.mark.parametrize(
    ("tags", "reason", "named"),
    [
        ({}, Reason.OWNED_BY_ANOTHER, "teleport.dev/integration=prod-aws"),
        ({**TELEPORT_TAGS, "teleport.dev/cluster": "other"}, Reason.OWNED_BY_ANOTHER, CLUSTER_ARN),
        ({**TELEPORT_TAGS, "teleport.dev/origin": "other"}, Reason.OWNED_BY_ANOTHER, CLUSTER_ARN),
        (
            {**SHARED_TAGS, "teleport.dev/integration": "staging"},
            Reason.ECS_CLUSTER_OWNED_BY_OTHER_INTEGRATION,
            "belongs to integration staging",
        ),
    ],
)
@pytest.mark.parametrize("service_seen", [None, service()])
def test_another_cluster_of_that_name_is_refused(
    tags: dict[str, str], reason: Reason, named: str, service_seen: Any
) -> None:
    part = planned(world(cluster=replace(CLUSTER_SEEN, tags=tags), service=service_seen))
    assert (part.steps, part.verdict.reason) == ((), reason)
    assert named in part.verdict.message
    assert isinstance(part.outcome, Blocked)


@pytest.mark.parametrize("status", ["PROVISIONING", "DEPROVISIONING", "FAILED"])
def test_a_cluster_on_its_way_is_waited_for(status: str) -> None:
    part = planned(world(cluster=replace(CLUSTER_SEEN, status=status), service=None))
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.IN_PROGRESS)
    assert status in part.verdict.message


@pytest.mark.parametrize("absent", [None, service(status="INACTIVE", tags={})])
def test_an_absent_service_is_created(absent: Any) -> None:
    assert planned(world(service=absent)).steps == (CREATE,)


@pytest.mark.parametrize(
    "drift",
    [
        {"desired_count": 1},
        {"network": Network(frozenset(SUBNETS[:1]), frozenset({GROUP}), assign_public_ip=True)},
        {"network": Network(frozenset(SUBNETS), frozenset(), assign_public_ip=True)},
        {"network": Network(frozenset(SUBNETS), frozenset({GROUP}), assign_public_ip=False)},
        {"minimum_healthy_percent": 50},
        {"maximum_percent": 100},
        {"circuit_breaker": False},
        {"circuit_breaker_rollback": False},
        {"availability_zone_rebalancing": False},
        {"propagate_tags": "NONE"},
        {"execute_command": True},
        {"task_definition_arn": arn(9), "deployments": ()},
    ],
)
def test_a_drifted_service_is_updated_and_never_replaced(drift: dict[str, Any]) -> None:
    assert planned(world(service=service(**drift))).steps == (UPDATE,)


def test_a_new_revision_is_rolled_out() -> None:
    old = task_definition(1, version="17.0.0")
    part = planned(world(serving=old, newest=task_definition(2), revisions=(arn(1), arn(2))))
    assert part.steps == (replace(UPDATE, shape=replace(SHAPE, task_definition_arn=arn(2))),)


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS, FOREIGN_TAGS, SHARED_TAGS])
def test_a_foreign_service_is_left_alone(tags: dict[str, str]) -> None:
    part = planned(world(service=service(tags=tags, desired_count=7)))
    assert (part.steps, part.verdict.reason) == ((), Reason.OWNED_BY_ANOTHER)
    assert SERVICE_ARN in part.verdict.message
    assert isinstance(part.outcome, Blocked)


def test_a_service_outside_fargate_is_refused() -> None:
    part = planned(world(service=service(launch_type="EC2")))
    assert (part.steps, part.verdict.reason) == ((), Reason.CONFLICT)
    assert "launch type EC2" in part.verdict.message


@pytest.mark.parametrize("tags", [TAGS, FOREIGN_TAGS])
def test_a_draining_service_is_waited_for(tags: dict[str, str]) -> None:
    part = planned(world(service=service(status="DRAINING", tags=tags)))
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.SERVICE_DRAINING)


@pytest.mark.parametrize(
    ("fields", "ready"),
    [
        ({}, {"role_ready": False}),
        ({}, {"network_ready": False}),
        ({"newest": None, "revisions": ()}, {}),
        ({"subnets": Unseen()}, {}),
        ({"security_groups": Unseen()}, {}),
    ],
)
def test_a_service_waits_for_what_it_needs(fields: dict[str, Any], ready: dict[str, bool]) -> None:
    part = planned(world(service=None, serving=None, **fields), **ready)
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.PENDING)
    assert part.verdict.soft


@pytest.mark.parametrize("field", ["cluster", "service"])
def test_unseen(field: str) -> None:
    outcome = Transient(Reason.AWS_UNAVAILABLE, "503")
    part = planned(world(**{field: Unseen(outcome)}))
    assert (part.steps, part.outcome, part.done) == ((), outcome, False)


@pytest.mark.parametrize("deployments", [(rollout(),), ()])
def test_a_rolled_out_service_is_deployed(deployments: Any) -> None:
    part = planned(world(service=service(deployments=deployments)))
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE


def test_a_rollout_in_progress_is_told_by_numbers() -> None:
    new = rollout(rollout_state="IN_PROGRESS", rollout_state_reason="In progress.", running=1, failed=3)
    old = rollout(id="ecs-svc/0", status="ACTIVE", task_definition_arn=arn(0))
    part = planned(world(service=service(deployments=(new, old))))
    assert (part.steps, part.outcome, part.verdict.reason) == ((), None, Reason.ROLLING_OUT)
    assert "1 of 2 new tasks run, 2 old, 2 connected, 3 failed. In progress." in part.verdict.message


@pytest.mark.parametrize(
    ("seen", "written"),
    [
        ({**TAGS, "by": "hand"}, {"team": "data"}),
        ({**TAGS, "team": "sales"}, {"team": "data"}),
        ({"rds-enrollment.dev/owner": WANTED.owner.mark}, {**TELEPORT_TAGS, "team": "data"}),
    ],
)
def test_tags_of_our_service_are_mended(seen: dict[str, str], written: dict[str, str]) -> None:
    wanted = replace(WANTED, user_tags={"team": "data"})
    cluster = replace(CLUSTER_SEEN, tags={**SHARED_TAGS, "team": "data"})
    found = service_part(
        wanted,
        world(cluster=cluster, service=service(tags=seen)),
        role_ready=True,
        network_ready=True,
        attempts=1,
    )
    tagging = TagEcsResource(condition=DEPLOYED, region="us-west-1", arn=SERVICE_ARN, tags=written)
    assert found.steps == (tagging,)


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        (SHARED_TAGS, {"team": "data"}),
        ({**SHARED_TAGS, "team": "another deployment's"}, {}),
        ({**TELEPORT_TAGS, "rds-enrollment.dev/owner": "cluster-b"}, {}),
    ],
)
def test_tags_of_our_cluster_are_added_and_never_changed(
    tags: dict[str, str], written: dict[str, str]
) -> None:
    wanted = replace(WANTED, user_tags={"team": "data"})
    seen = world(cluster=replace(CLUSTER_SEEN, tags=tags), service=service(tags={**TAGS, "team": "data"}))
    found = service_part(wanted, seen, role_ready=True, network_ready=True, attempts=1)
    tagging = TagEcsResource(condition=DEPLOYED, region="us-west-1", arn=CLUSTER_ARN, tags=written)
    assert found.steps == ((tagging,) if written else ())
