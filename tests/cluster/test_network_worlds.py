"""Preflight against networks: one operator, one VPC for each fault, one deployment in each.

The deployments are only observed, so that the network alone is on show. Each fault is mended in AWS; the objects are
not touched: a resync sees it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.aws.network import MAX_CALLS
from rds_enrollment.plan.network.verdict import BlockerKind

from hack.sandbox.controlplane import ControlPlane
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.networks.by_endpoints import THROUGH_ENDPOINTS
from tests.cluster.networks.by_filters import ACLS, DATABASES, GROUPS
from tests.cluster.networks.by_ways import ADDRESS_SPACE, DNS, GATEWAYS, ROUTES
from tests.cluster.networks.case import Case
from tests.cluster.networks.combined import COMBINATIONS
from tests.cluster.networks.healthy import HEALTHY
from tests.cluster.networks.site import Fault, make_site
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene, example, new_scene

pytestmark = pytest.mark.slow

BROKEN = (*GROUPS, *ACLS, *ROUTES, *GATEWAYS, *DNS, *ADDRESS_SPACE, *THROUGH_ENDPOINTS, *DATABASES)
FAULTY = (*BROKEN, *COMBINATIONS)
ALL = (*FAULTY, *HEALTHY)
REGIONS = {case.region for case in ALL}

RESYNC = "45s"
POLL_SECONDS = "60"
"""How old what is known of the networks may be for a new deployment: they are made one after the other."""

WIZARD = {
    "a task cannot pull the Teleport image": {"endpoints-are-not-the-public-registry", "ecr-without-layers"},
    "the security groups let the tasks out": {"group-shut", "group-another-port", "group-databases-only"},
    "one group's outbound rule is enough: groups add up": {"groups-none-with-the-rule", "groups-add-up"},
    "the subnets need a route to an internet or a NAT gateway": {"no-route", "igw-detached", "nat-deleted"},
    "make a gateway, mend the route tables, or use other subnets": {"main-table", "wrong-table", "no-public-address"},
    "network ACLs let the traffic out": {"acl-denies-first", "acl-default-emptied", "acl-new-and-empty"},
    "tasks that run do not reach the Teleport cluster": {"group-without-the-proxy", "acl-denies-the-proxy"},
    "the database's groups do not let the tasks in": {"database-another-group", "database-another-subnet"},
    "add an inbound rule about one of the tasks' groups": {"database-lets-nothing-in"},
    "what else Reachability Analyzer would show on the way": {"database-acl-nothing-in", "database-acl-no-answers"},
}  # fmt: skip
"""What Teleport's page on the RDS enrolment wizard says under Troubleshooting about networks, in our words, and the
networks below that are about it."""

NOT_SIMULATED = {
    BlockerKind.BLACKHOLE_ROUTE,  # moto calls every route active
    BlockerKind.PUBLIC_ACCESS_BLOCKED,  # moto has no VPC Block Public Access
    BlockerKind.ENDPOINT_UNAVAILABLE,  # moto's endpoints are available as long as routes lead to them
    BlockerKind.NO_IPV4_ADDRESS,
    BlockerKind.NO_IPV6_ADDRESS,
    BlockerKind.WRONG_IP_FAMILY,  # what tasks need has IPv4 addresses in the sandbox
    BlockerKind.SUBNET_NOT_FOUND,
    BlockerKind.SECURITY_GROUP_NOT_FOUND,  # reported before the network is judged, and not to be mended in AWS
}
"""What can be in the way and has no network here: the model's own tables have it."""


@dataclass(frozen=True)
class Judged:
    """What the operator said of every network while it was broken, and after it was mended."""

    faults: Mapping[str, Fault]
    before: Mapping[str, Object]
    after: Mapping[str, Object]
    calls: Mapping[str, int]
    """Of EC2 until every network had been looked at once, by operation."""


@pytest.fixture(scope="module")
def judged(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Judged]:
    settings = {"RDS_ENROLLMENT_POLL_SECONDS": POLL_SECONDS}
    folder = tmp_path_factory.mktemp("networks")
    with new_scene(control_plane, operator_kubeconfig, folder, settings=settings) as scene:
        sites = {case.name: make_site(scene.world, case.region, case.name) for case in ALL}
        faults = {case.name: case.build(sites[case.name]) for case in ALL}
        scene.start()
        _enroll_databases(scene)
        for case in ALL:
            scene.namespace.create(_deployment(case, sites[case.name].vpc, faults[case.name]))
        before = _wait(scene, _is_judged)
        calls = dict(scene.aws.calls.counts)
        for fault in faults.values():
            fault.mend()
        yield Judged(faults, before, _wait(scene, _is_clear), calls)


def _enroll_databases(scene: Scene) -> None:
    """Registers the databases of all networks with Teleport: agents of a VPC serve those of the VPC."""
    databases = len(scene.client("rds").describe_db_instances()["DBInstances"])
    scene.namespace.create(example(10))
    enrollment = example(20)
    enrollment["spec"] = {
        "integrationRef": {"name": INTEGRATION},
        "regions": [REGION],
        "databases": {"all": {}},
    }
    scene.namespace.create(enrollment)

    def enrolled() -> bool:
        found = scene.namespace.get(RDS_ENROLLMENT, ENROLLMENT)
        return bool(found.get("status", {}).get("enrolled") == databases)

    scene.wait(enrolled, f"{databases} databases are enrolled")


def _deployment(case: Case, vpc: str, fault: Fault) -> Object:
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "DatabaseServiceDeployment",
        "metadata": {"name": case.name},
        "spec": {
            "managementPolicy": "Observe",
            "integrationRef": {"name": INTEGRATION},
            "region": case.region,
            "vpcId": vpc,
            "subnets": {"ids": list(fault.place.subnets)},
            "securityGroups": {"ids": list(fault.place.groups)},
            "resyncPeriod": RESYNC,
            **fault.place.spec,
        },
    }


def _wait(scene: Scene, done: Callable[[Object], bool]) -> dict[str, Object]:
    """Every deployment as it was when `done` first held for it."""
    reached: dict[str, Object] = {}

    def all_done() -> bool:
        for obj in scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT):
            if done(obj):
                reached.setdefault(obj["metadata"]["name"], obj)
        return len(reached) == len(ALL)

    scene.wait(all_done, "every network was looked at", timeout=480.0)
    return reached


def _is_judged(obj: Object) -> bool:
    kinds = ("NetworkReady", "DatabasesReachable")
    return all(condition(obj, kind).get("status") in ("True", "False") for kind in kinds)


def _is_clear(obj: Object) -> bool:
    return all(condition(obj, kind)["status"] == "True" for kind in ("NetworkReady", "DatabasesReachable"))


@pytest.mark.parametrize("case", [case for case in FAULTY if not case.of_database], ids=str)
def test_the_first_thing_in_the_way_is_named(judged: Judged, case: Case) -> None:
    obj, fault = judged.before[case.name], judged.faults[case.name]
    entry = condition(obj, "NetworkReady")
    assert (entry["status"], entry["reason"]) == ("False", case.reason), entry["message"]
    assert fault.culprit in entry["message"]
    assert fault.place.subnets[0] in entry["message"]


@pytest.mark.parametrize("case", [case for case in FAULTY if case.blocker and not case.of_database], ids=str)
def test_the_subnets_entry_has_the_culprit_for_programs(judged: Judged, case: Case) -> None:
    obj, fault = judged.before[case.name], judged.faults[case.name]
    (found,) = (item for item in obj["status"]["network"] if item["subnetId"] == fault.place.subnets[0])

    assert (found["state"], found["reason"]) == ("Blocked", case.reason)
    assert (found["blocker"], found["culprit"]) == (case.blocker, fault.culprit)


@pytest.mark.parametrize("case", DATABASES, ids=str)
def test_what_is_in_the_way_to_a_database_is_named(judged: Judged, case: Case) -> None:
    obj, fault = judged.before[case.name], judged.faults[case.name]
    entry = condition(obj, "DatabasesReachable")

    assert (entry["status"], entry["reason"]) == ("False", case.reason), entry["message"]
    assert fault.culprit in entry["message"]
    assert f"database {case.name} (" in entry["message"]
    assert condition(obj, "NetworkReady")["status"] == "True", condition(obj, "NetworkReady")["message"]


@pytest.mark.parametrize("case", FAULTY, ids=str)
def test_what_was_mended_in_aws_is_seen(judged: Judged, case: Case) -> None:
    before, after = judged.before[case.name], judged.after[case.name]
    assert {item["state"] for item in after["status"]["network"]} == {"Ready"}
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert "annotations" not in after["metadata"]


@pytest.mark.parametrize("case", HEALTHY, ids=str)
def test_a_healthy_network_has_no_finding(judged: Judged, case: Case) -> None:
    for obj in (judged.before[case.name], judged.after[case.name]):
        for kind in ("NetworkReady", "DatabasesReachable"):
            assert condition(obj, kind)["status"] == "True", condition(obj, kind)["message"]
        assert {item["state"] for item in obj["status"]["network"]} == {"Ready"}
        assert not any("advice" in item for item in obj["status"]["network"])


def test_the_networks_of_a_region_are_read_for_all_deployments_together(judged: Judged) -> None:
    """Two or three times while they are made, and not once for each."""
    looks = judged.calls["ec2:DescribeRouteTables"]
    assert len(REGIONS) <= looks < len(ALL) / 2
    of_facts = {"ec2:DescribeNatGateways", "ec2:DescribeInternetGateways", "ec2:DescribeVpcEndpoints"}
    assert all(judged.calls[operation] <= looks for operation in of_facts)
    assert MAX_CALLS == 10


def test_every_paragraph_of_the_wizards_help_on_networks_has_a_network() -> None:
    assert set().union(*WIZARD.values()) <= {case.name for case in ALL}


def test_the_tables_are_as_wide_as_promised() -> None:
    assert len({case.name for case in ALL}) == len(ALL)
    assert len(BROKEN) >= 60
    assert len(COMBINATIONS) >= 15
    assert len(HEALTHY) >= 20
    assert {case.blocker for case in BROKEN if case.blocker} == set(BlockerKind) - NOT_SIMULATED
