"""Ways from a deployment's tasks to its databases: by their interfaces, or by all that they may have."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.agents import running_tasks
from rds_enrollment.plan.deployment.databases import ambiguous_endpoints, databases_part
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network import paths
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, RdsInventory
from rds_enrollment.plan.observed.network import NetworkInterface
from rds_enrollment.plan.observed.teleport import Database, DatabaseServer, RdsMetadata, TargetHealth
from rds_enrollment.plan.outcome import Blocked

from tests.unit.plan.deployment.build import GROUP, LABELS, NOW, SUBNETS, VPC, VPC_SEEN, WANTED, world
from tests.unit.plan.network import dsl
from tests.unit.plan.network.dsl import Edit

FIRST, SECOND = SUBNETS
HOST = "orders.abc.us-west-1.rds.amazonaws.com"
LET_IN = dsl.group("sg-db", inbound=(f"tcp 5432 {GROUP}",))
SHUT = dsl.group("sg-db")
ARN = "arn:aws:rds:us-west-1:123456789012:db:orders"


def instance(**fields: Any) -> DbInstance:
    made = DbInstance(
        identifier="orders",
        arn=ARN,
        resource_id="db-ORDERS",
        cluster_identifier="",
        engine="postgres",
        engine_version="16.1",
        status="available",
        endpoint=HOST,
        port=5432,
        vpc_id=VPC,
        subnets=SUBNETS,
        security_groups=("sg-db",),
        iam_auth=True,
        tags={},
    )
    return replace(made, **fields)


def cluster(**fields: Any) -> DbCluster:
    made = DbCluster(
        identifier="events",
        arn="arn:aws:rds:us-west-1:123456789012:cluster:events",
        resource_id="cluster-EVENTS",
        engine="aurora-postgresql",
        engine_version="16.1",
        engine_mode="provisioned",
        status="available",
        endpoint="events.cluster-abc",
        reader_endpoint="events.cluster-ro-abc",
        port=5432,
        members=(),
        security_groups=("sg-db",),
        iam_auth=True,
        tags={},
    )
    return replace(made, **fields)


def database(name: str = "orders", host: str = HOST, labels: dict[str, str] = LABELS) -> Database:
    return Database(
        name=name,
        description="",
        labels=labels,
        protocol="postgres",
        uri=f"{host}:5432",
        region="us-west-1",
        account_id="123456789012",
        rds=RdsMetadata(),
    )


def interface(name: str, subnet: str, address: str, group: str = "sg-db") -> Edit:
    """One that RDS made."""

    def edit(vpc: Any) -> Any:
        item = NetworkInterface(
            name, dsl.VPC, subnet, "RDSNetworkInterface", (ip_address(address),), frozenset({group})
        )
        return replace(vpc, network_interfaces=(*vpc.network_interfaces, item))

    return edit


def seen(*edits: Edit, **fields: Any) -> DeploymentWorld:
    defaults: dict[str, Any] = {
        "vpc": dsl.edited(VPC_SEEN, *edits),
        "inventory": RdsInventory("123456789012", "us-west-1", (instance(),), (cluster(),)),
        "databases": (database(),),
        "servers": (),
    }
    return world(**{**defaults, **fields})


def judged(*edits: Edit, **fields: Any) -> tuple[ConditionStatus, Reason]:
    verdict = databases_part(WANTED, seen(*edits, **fields), 1).verdict
    return verdict.status, verdict.reason


OPEN = (ConditionStatus.TRUE, Reason.SUCCEEDED)
BLOCKED = (ConditionStatus.FALSE, Reason.UNREACHABLE)
AMBIGUOUS = (ConditionStatus.UNKNOWN, Reason.INTERFACE_AMBIGUOUS)
IN_FIRST = interface("eni-1", FIRST, "10.0.0.50")
IN_SECOND = interface("eni-2", SECOND, "10.0.1.50")
ONLY_FROM_FIRST = dsl.acl(
    "acl-2", "in 90 deny tcp 5432 10.0.0.0/16", "in 100 allow all 0.0.0.0/0", "out 100 allow all 0.0.0.0/0",
    subnets=SECOND,
)  # fmt: skip


def test_a_missing_inbound_rule_with_the_command_that_adds_it() -> None:
    part = databases_part(WANTED, seen(SHUT, IN_FIRST), 1)

    assert (part.verdict.status, part.verdict.reason) == BLOCKED
    assert f"orders ({HOST}:5432)" in part.verdict.message
    assert (
        "aws ec2 authorize-security-group-ingress --group-id sg-db --ip-permissions 'IpProtocol=tcp,FromPort=5432,"
        f"ToPort=5432,UserIdGroupPairs=[{{GroupId={GROUP}}}]' --region us-west-1"
    ) in part.verdict.message
    assert judged(LET_IN, IN_FIRST) == OPEN


def test_it_informs_alone() -> None:
    parts = plan(WANTED, seen(SHUT, IN_FIRST))
    assert parts[-1].verdict.status is ConditionStatus.FALSE
    assert parts[-1].condition not in REQUIRED
    assert parts[-1].outcome is None
    assert not [step for part in parts for step in part.steps]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((LET_IN,), OPEN),
        ((SHUT,), BLOCKED),
        ((LET_IN, ONLY_FROM_FIRST), AMBIGUOUS),
        ((LET_IN, ONLY_FROM_FIRST, IN_FIRST), OPEN),
        ((LET_IN, ONLY_FROM_FIRST, IN_SECOND), BLOCKED),
        ((LET_IN, ONLY_FROM_FIRST, IN_FIRST, IN_SECOND), AMBIGUOUS),
        ((LET_IN, SHUT, interface("eni-3", FIRST, "10.0.0.51", group="sg-other")), BLOCKED),
    ],
    ids=[
        "no interface, all places open",
        "no interface, all places shut",
        "no interface, places differ",
        "its interface, open",
        "its interface, shut",
        "two interfaces that differ",
        "an interface of other groups",
    ],
)
def test_which_interface_it_may_have(edits: tuple[Edit, ...], expected: Any) -> None:
    assert judged(*edits) == expected


@pytest.mark.parametrize(
    ("address", "expected"), [("10.0.0.50", OPEN), ("10.0.1.50", BLOCKED), ("18.0.0.1", AMBIGUOUS)]
)
def test_the_address_of_its_endpoint_tells(address: str, expected: Any) -> None:
    unclear = seen(LET_IN, ONLY_FROM_FIRST, IN_FIRST, IN_SECOND)
    assert ambiguous_endpoints(WANTED, unclear) == (HOST,)

    resolved = {**unclear.addresses, HOST: (ip_address(address),)}
    assert judged(LET_IN, ONLY_FROM_FIRST, IN_FIRST, IN_SECOND, addresses=resolved) == expected


def test_an_aurora_cluster_is_where_its_instances_are() -> None:
    member = instance(
        identifier="events-1", cluster_identifier="events", endpoint="events-1.abc", security_groups=()
    )
    inventory = RdsInventory("123456789012", "us-west-1", (member,), (cluster(),))
    endpoints = tuple(database(host, host) for host in ("events.cluster-abc", "events.cluster-ro-abc"))

    assert judged(SHUT, IN_FIRST, inventory=inventory, databases=endpoints) == BLOCKED
    message = databases_part(
        WANTED, seen(SHUT, IN_FIRST, inventory=inventory, databases=endpoints), 1
    ).verdict.message
    assert message.endswith(" (Not reached either: events.cluster-ro-abc.)")
    assert judged(LET_IN, IN_FIRST, inventory=inventory, databases=endpoints) == OPEN


@pytest.mark.parametrize(
    ("status", "expires", "expected"),
    [
        ("healthy", NOW.replace(hour=13), OPEN),
        ("healthy", NOW.replace(hour=11), BLOCKED),
        ("unhealthy", None, BLOCKED),
    ],
)
def test_an_agent_that_got_there_is_right(status: str, expires: Any, expected: Any) -> None:
    server = DatabaseServer(
        "orders", "host-1", "ip-10-0-0-1", "18.0.0", expires, TargetHealth(status, "", "")
    )
    assert judged(SHUT, IN_FIRST, servers=(server,)) == expected


TIMEOUT = "dial tcp 10.0.0.50:5432: i/o timeout"


def report(database: str = "orders", error: str = TIMEOUT, host: str = "host-1") -> DatabaseServer:
    status = "unhealthy" if error else "healthy"
    return DatabaseServer(database, host, "ip-10-0-0-5", "18.0.0", None, TargetHealth(status, "", error))


@pytest.mark.parametrize(
    ("edits", "fields", "said"),
    [
        ((LET_IN, IN_FIRST), {}, "Nothing in the VPC is in the way: see whether the database itself takes"),
        ((SHUT, IN_FIRST), {}, "aws ec2 authorize-security-group-ingress --group-id sg-db"),
        ((LET_IN, ONLY_FROM_FIRST), {}, "it may be orders in subnet-0bbbbbbbbbbbbbbbb, which is not reached"),
        (
            (LET_IN,),
            {"inventory": RdsInventory("1", "us-west-1", (), ())},
            "way through the VPC is not known",
        ),
    ],
    ids=["open", "blocked", "ambiguous", "unknown to RDS"],
)
def test_what_an_agent_reports_is_told_with_what_the_network_says(
    edits: tuple[Edit, ...], fields: dict[str, Any], said: str
) -> None:
    part = databases_part(
        WANTED, seen(*edits, servers=(report(), report(error="", host="host-2")), **fields), 1
    )

    assert (part.verdict.status, part.verdict.reason) == BLOCKED
    assert said in part.verdict.message
    assert f"agent ip-10-0-0-5: {TIMEOUT} (1 of 2 agents fail)." in part.verdict.message


def test_the_way_that_can_be_mended_is_told_first() -> None:
    world = seen(
        SHUT,
        IN_FIRST,
        databases=(database("elsewhere", "unknown.example.com"), database()),
        servers=(report("elsewhere"),),
    )
    message = databases_part(WANTED, world, 1).verdict.message
    assert f"orders ({HOST}:5432)" in message
    assert message.endswith(" (Not reached either: elsewhere.)")


def test_the_groups_that_count_are_those_of_the_tasks_that_run() -> None:
    """A rule for the groups that are wanted is of no use to tasks that still have others."""
    task = running_tasks(world())[0]
    old = NetworkInterface(
        task.network_interface_id,
        dsl.VPC,
        task.subnet_id,
        "",
        (ip_address(task.private_ip),),
        frozenset({"sg-old"}),
    )
    edits = (LET_IN, IN_FIRST, dsl.group("sg-old", outbound=("all 0.0.0.0/0",)))
    assert judged(*edits) == OPEN
    vpc = dsl.edited(VPC_SEEN, *edits)
    assert judged(vpc=replace(vpc, network_interfaces=(*vpc.network_interfaces, old))) == BLOCKED


def test_databases_of_others_do_not_count() -> None:
    elsewhere = database(labels={**LABELS, "vpc-id": "vpc-0fedcba9876543210"})
    assert judged(SHUT, IN_FIRST, databases=(elsewhere,)) == (ConditionStatus.TRUE, Reason.NO_DATABASES)
    assert judged(SHUT, IN_FIRST, databases=(database(host="unknown.example.com"),)) == OPEN


@pytest.mark.parametrize("field", ["vpc", "inventory", "databases"])
def test_what_cannot_be_read_hinders_nothing(field: str) -> None:
    part = databases_part(WANTED, seen(**{field: Unseen(Blocked(Reason.ACCESS_DENIED, "denied"))}), 1)
    assert part.verdict.reason is Reason.ACCESS_DENIED
    assert part.outcome is None


@pytest.mark.parametrize("stale", [None, dsl.gone("security_groups", GROUP)(VPC_SEEN)])
def test_facts_older_than_the_groups_raise_no_alarm(stale: Any) -> None:
    verdict = databases_part(WANTED, seen(vpc=stale), 1).verdict
    assert (verdict.status, verdict.soft) == (ConditionStatus.UNKNOWN, True)


def test_databases_that_look_alike_are_judged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred databases, each of which may have a hundred interfaces, are not ten thousand questions."""
    count, asked = 30, []

    def counted(*question: Any) -> Any:
        asked.append(question)
        return reach(*question)

    monkeypatch.setattr(paths, "reach", counted)
    hosts = [f"db-{number}.abc" for number in range(count)]
    alike = [interface(f"eni-{number}", FIRST, f"10.0.1.{number + 10}") for number in range(count)]
    world = seen(
        LET_IN,
        *alike,
        inventory=RdsInventory(
            "123456789012", "us-west-1", tuple(instance(endpoint=host) for host in hosts), ()
        ),
        databases=tuple(database(host, host) for host in hosts),
    )
    part = databases_part(WANTED, world, 1)
    assert f"{count} databases" in part.verdict.message
    assert len(asked) == count * len(SUBNETS)
