"""Tables of broken, combined and healthy VPCs: the first blocker is named, and its suggested change helps."""

import pytest
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.network.verdict import BlockerKind

from tests.unit.plan.network import cli
from tests.unit.plan.network.broken import Broken
from tests.unit.plan.network.broken_filters import ACLS, GROUPS
from tests.unit.plan.network.broken_gateways import GATEWAYS
from tests.unit.plan.network.broken_ways import ENDPOINTS, ROUTES
from tests.unit.plan.network.combinations import COMBINATIONS, Combination
from tests.unit.plan.network.dsl import edited, healthy
from tests.unit.plan.network.healthy_worlds import HEALTHY, Healthy

BROKEN = [*GROUPS, *ACLS, *ROUTES, *GATEWAYS, *ENDPOINTS]
MOST_COMMANDS = 8
"""An ACL that serves two subnets and allows nothing needs a rule for each way through each: a verdict every time."""


def test_the_tables_are_as_wide_as_promised() -> None:
    assert len(BROKEN) >= 60
    assert len({world.name for world in BROKEN}) == len(BROKEN)
    assert {world.kind for world in BROKEN} == set(BlockerKind)
    assert len(COMBINATIONS) >= 15
    assert len(HEALTHY) >= 20


@pytest.mark.parametrize("world", BROKEN, ids=str)
def test_the_culprit_is_named(world: Broken) -> None:
    blocker = reach(edited(healthy(), *world.edits), world.source, world.destination).blocker

    assert blocker is not None
    assert (blocker.kind, blocker.id) == (world.kind, world.culprit)
    assert world.culprit in blocker.sentence
    assert blocker.sentence.endswith(".")
    assert blocker.change.sentence.endswith(".")


@pytest.mark.parametrize("world", BROKEN, ids=str)
def test_suggested_commands_open_the_way_where_there_are_any(world: Broken) -> None:
    vpc = edited(healthy(), *world.edits)
    verdict = reach(vpc, world.source, world.destination)
    run: list[str] = []
    while verdict.blocker is not None and (command := verdict.blocker.change.command):
        assert command not in run
        assert len(run) < MOST_COMMANDS
        run.append(command)
        vpc = cli.run(command, vpc)
        verdict = reach(vpc, world.source, world.destination)

    assert verdict.open or not run


@pytest.mark.parametrize("world", BROKEN, ids=str)
def test_no_command_makes_a_private_subnet_public(world: Broken) -> None:
    vpc = edited(healthy(), *world.edits)
    blocker = reach(vpc, world.source, world.destination).blocker
    command = (blocker.change.command or "") if blocker else ""
    for table in vpc.route_tables:
        if any(route.target.startswith("nat-") for route in table.routes):
            to_the_internet = "--destination-cidr-block 0.0.0.0/0 --gateway-id igw-" in command
            assert not (to_the_internet and f"--route-table-id {table.id} " in command)


@pytest.mark.parametrize("world", COMBINATIONS, ids=str)
def test_of_several_blockers_the_first_is_named_and_then_the_next(world: Combination) -> None:
    vpc = edited(healthy(), *world.edits)
    for kind, culprit, mended in world.blockers:
        blocker = reach(vpc, world.source, world.destination).blocker
        assert blocker is not None
        assert (blocker.kind, blocker.id) == (kind, culprit)
        vpc = mended(vpc)

    assert reach(vpc, world.source, world.destination).open


@pytest.mark.parametrize("world", HEALTHY, ids=str)
def test_a_healthy_world_has_no_finding(world: Healthy) -> None:
    verdict = reach(edited(healthy(), *world.edits), world.source, world.destination)

    assert verdict.blocker is None
    assert bool(verdict.assumptions) == world.assumes
