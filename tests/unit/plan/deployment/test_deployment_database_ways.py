"""What somebody who asks about a database is told: the way hop by hop, and what agents report."""

from dataclasses import replace
from datetime import timedelta

from rds_enrollment.plan.deployment.database_ways import database_ways
from rds_enrollment.plan.network.paths import Way
from rds_enrollment.plan.network.verdict import BlockerKind
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import DatabaseServer, TargetHealth

from tests.unit.plan.deployment.build import GROUP, NOW, SUBNETS, WANTED, task
from tests.unit.plan.deployment.test_deployment_databases import LET_IN, SHUT, database, interface, seen

RDS = interface("eni-rds", SUBNETS[1], "10.0.1.9")
SILENT = DatabaseServer(
    database="orders",
    host_id="1",
    hostname="ip-10-0-0-1",
    version="18.0.0",
    expires=NOW + timedelta(minutes=1),
    health=TargetHealth("unhealthy", "i/o timeout", ""),
)


def test_an_open_way_is_told_from_the_task_to_the_interface() -> None:
    (way,) = database_ways(WANTED, seen(LET_IN, RDS, tasks=(task("t1", "10.0.0.7"),)), None)
    assert way.path is not None
    assert way.connection is not None
    assert way.path.way is Way.OPEN
    hops = way.connection.verdict.path
    assert (hops[0].id, hops[0].detail) == (SUBNETS[0], "task at 10.0.0.7")
    assert [hop.id for hop in hops if hop.id.startswith("sg-")] == [GROUP, "sg-db"]
    assert hops[-1].id == "eni-rds"


def test_a_blocked_way_ends_at_what_blocks_it() -> None:
    (way,) = database_ways(WANTED, seen(SHUT, RDS, servers=(SILENT,)), "orders")
    assert way.connection is not None
    blocker = way.connection.verdict.blocker
    assert blocker is not None
    assert (blocker.kind, blocker.id) == (BlockerKind.SECURITY_GROUP_INGRESS, "sg-db")
    assert way.agents == (SILENT,)


def test_heartbeats_that_expired_tell_nothing() -> None:
    old = replace(SILENT, expires=NOW - timedelta(seconds=1))
    (way,) = database_ways(WANTED, seen(LET_IN, RDS, servers=(old,)), None)
    assert way.agents == ()


def test_without_a_task_the_places_where_tasks_would_be_are_judged() -> None:
    (way,) = database_ways(WANTED, seen(LET_IN, RDS, tasks=()), None)
    assert way.connection is not None
    assert way.connection.source.subnet in SUBNETS
    assert way.connection.source.addresses == ()


def test_what_is_not_known_is_not_drawn() -> None:
    elsewhere = database("external", "db.example.com")
    world = seen(LET_IN, RDS, databases=(elsewhere,))
    (way,) = database_ways(WANTED, world, None)
    assert (way.path, way.connection) == (None, None)
    (way,) = database_ways(WANTED, replace(world, inventory=Unseen()), None)
    assert (way.path, way.connection) == (None, None)
    assert database_ways(WANTED, world, "absent") == ()
