"""A converged world costs nothing but a fixed number of reads."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from rds_enrollment.api.common import ANNOTATION_RECONCILE
from rds_enrollment.api.kinds import (
    AWS_OIDC_INTEGRATION,
    DATABASE_SERVICE_DEPLOYMENT,
    KINDS,
    RDS_ENROLLMENT,
    Kind,
)

from hack.sandbox import gauges
from hack.sandbox.aws.world import DemoWorld
from tests.cluster.kubernetes_api import Object
from tests.cluster.scene import Scene

RESYNCS = 3
WARM_UP = 2
ROUNDS = 8

SHARED_FACTS = Counter(
    {
        "ec2:DescribeSubnets": 1,
        "ec2:DescribeRouteTables": 1,
        "ec2:DescribeNetworkAcls": 1,
        "ec2:DescribeSecurityGroups": 1,
        "ec2:DescribeInternetGateways": 1,
        "ec2:DescribeNatGateways": 1,
        "ec2:DescribeVpcEndpoints": 1,
        "ec2:DescribeNetworkInterfaces": 1,
        "ec2:DescribeSecurityGroupRules": 1,  # those with an owner mark, in any group
        "rds:DescribeDBInstances": 1,
        "rds:DescribeDBClusters": 1,
    }
)
"""The networks and databases of a region: shared by all objects there, and read for each requested reconcile."""

AWS_READS = {
    # The identity of the credentials is asked once per access key: no sts:GetCallerIdentity here.
    AWS_OIDC_INTEGRATION: {
        "iam:GetOpenIDConnectProvider": 1,
        "iam:GetRole": 1,
        "iam:GetRolePolicy": 2,  # ListDatabases, DeployService
    },
    # One region with less than a hundred databases.
    RDS_ENROLLMENT: {"rds:DescribeDBInstances": 1, "rds:DescribeDBClusters": 1},
    DATABASE_SERVICE_DEPLOYMENT: SHARED_FACTS
    + Counter(
        {
            "iam:GetRole": 1,
            "iam:GetRolePolicy": 1,
            "ecs:DescribeClusters": 1,
            "ecs:DescribeServices": 1,
            "ecs:DescribeTaskDefinition": 1,  # the newest revision, which is the one in service
            "ecs:ListTasks": 2,  # those that run, those that stopped
            "ecs:DescribeTasks": 1,
        }
    ),
}
"""AWS calls of one requested resync."""

TELEPORT_PROOFS = {AWS_OIDC_INTEGRATION: {"teleport.integration.v1.AWSOIDCService/Ping": 1}}
"""Teleport calls of one resync: it acts in AWS, to prove that it can."""

TELEPORT_READS = {
    "proto.AuthService/Ping",
    "proto.AuthService/GetClusterMaintenanceConfig",
    "teleport.usertasks.v1.UserTaskService/ListUserTasks",
}
"""Asked every few minutes, however many objects there are; all else is answered by the live view."""


@pytest.fixture(scope="module")
def converged(enrolled: tuple[Scene, DemoWorld]) -> Scene:
    scene, _ = enrolled
    scene.wait_idle()
    return scene


def test_the_reads_of_each_kind_stay_few() -> None:
    own = {kind: Counter(AWS_READS[kind]).total() for kind in KINDS.values()}
    own[DATABASE_SERVICE_DEPLOYMENT] -= SHARED_FACTS.total()
    assert own[AWS_OIDC_INTEGRATION] <= 6
    assert own[RDS_ENROLLMENT] <= 1 + 2  # pages, here one
    assert own[DATABASE_SERVICE_DEPLOYMENT] <= 8


def only(scene: Scene, kind: Kind) -> Object:
    """The one object of a kind."""
    (obj,) = scene.namespace.all(kind)
    return obj


def look_at_all(scene: Scene) -> None:
    """Request a pass over each object, and wait for all of them."""
    token = uuid4().hex
    for kind in KINDS.values():
        scene.namespace.request_reconcile(kind, only(scene, kind)["metadata"]["name"], token)

    def handled() -> bool:
        found = scene.namespace.objects()
        return all(obj["status"].get("lastHandledReconcileAt") == token for obj in found)

    scene.wait(handled, "all objects are reconciled")
    scene.wait_idle()


def versions(scene: Scene) -> dict[str, str]:
    """resourceVersion by object."""
    return {
        f"{obj['kind']}/{obj['metadata']['name']}": obj["metadata"]["resourceVersion"]
        for obj in scene.namespace.objects()
    }


def writers_of(obj: Object) -> list[tuple[str, str, str, Any]]:
    """Who wrote which fields of an object, the times and the requested reconcile left out."""
    entries = obj["metadata"]["managedFields"]
    return [
        (entry["manager"], entry["operation"], entry.get("subresource", ""), entry["fieldsV1"])
        for entry in entries
        if "f:annotations" not in entry["fieldsV1"].get("f:metadata", {})
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.short_name)
def test_resync_writes_nothing_but_the_echo(converged: Scene, kind: Kind) -> None:
    before, others = only(converged, kind), versions(converged)
    first = converged.reconcile(before)  # the annotation and its echo are there from now on
    converged.aws.calls.clear()
    teleport_before, passes = len(converged.teleport.writes), converged.metrics().passes(kind)

    last = first
    for _ in range(RESYNCS):
        last = converged.reconcile(last)

    assert converged.metrics().passes(kind) - passes == RESYNCS
    assert converged.aws.calls.writes == []
    assert len(converged.teleport.writes) == teleport_before
    assert last["spec"] == before["spec"]
    assert last["metadata"]["generation"] == before["metadata"]["generation"]
    assert last["metadata"]["annotations"].keys() == {ANNOTATION_RECONCILE}
    assert last["metadata"]["finalizers"] == before["metadata"]["finalizers"]
    assert last["metadata"].get("ownerReferences") == before["metadata"].get("ownerReferences")
    assert writers_of(last) == writers_of(first)
    assert {**last["status"], "lastHandledReconcileAt": ""} == {
        **before["status"],
        "lastHandledReconcileAt": "",
    }
    # The annotation and the echo: one write of the test and one of the operator for each resync.
    own = f"{kind.kind}/{before['metadata']['name']}"
    after = versions(converged)
    assert {name: after[name] for name in after if name != own} == {
        name: others[name] for name in others if name != own
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.short_name)
def test_reads_of_a_resync(converged: Scene, kind: Kind) -> None:
    converged.wait_idle()
    converged.aws.calls.clear()
    before = converged.teleport.calls

    for _ in range(RESYNCS):
        converged.reconcile(only(converged, kind))

    def times(reads: dict[str, int]) -> Counter[str]:
        return Counter({call: count * RESYNCS for call, count in reads.items()})

    assert converged.aws.calls.counts == times(AWS_READS[kind])
    asked = converged.teleport.calls - before
    for call, count in TELEPORT_PROOFS.get(kind, {}).items():
        assert asked.pop(call) == count * RESYNCS
    assert asked.keys() <= TELEPORT_READS
    assert max(asked.values(), default=0) <= 1


def test_passes_leave_nothing_behind(converged: Scene) -> None:
    for _ in range(WARM_UP):
        look_at_all(converged)
    before = gauges.read(converged.operator)
    for _ in range(ROUNDS):
        look_at_all(converged)
    after = gauges.read(converged.operator)
    passes = ROUNDS * len(KINDS)
    assert after.passes - before.passes >= passes
    # One that stayed behind in each pass would be as many; connections and threads come and go.
    assert after.threads - before.threads < passes / 2
    assert after.descriptors - before.descriptors < passes / 2
    assert after.clients == before.clients
    # Counted once a second, the last time perhaps amid a pass.
    converged.wait(
        lambda: gauges.read(converged.operator).tasks - before.tasks < passes / 2, "tasks have ended"
    )


def test_restart_on_a_converged_world_writes_nothing(converged: Scene) -> None:
    before = versions(converged)
    events = len(converged.namespace.events())
    converged.aws.calls.clear()
    teleport_before = len(converged.teleport.writes)

    assert converged.operator.stop() == 0
    converged.start()
    converged.wait(
        lambda: all(converged.metrics().passes(kind) >= 1 for kind in KINDS.values()),
        "each object had a pass",
    )
    converged.wait_idle()

    assert converged.aws.calls.writes == []
    assert len(converged.teleport.writes) == teleport_before
    assert versions(converged) == before
    assert len(converged.namespace.events()) == events
