"""The operator, killed at each external write of what happens to an enrolment later on, comes to the same end.

One life is the main job, and then a database is added, the network changed, Teleport upgraded, a role moved, the
deployment scaled, and everything deleted. In each plan the operator is killed once in each of these changes. Another
life begins with what Teleport's wizard made, which is taken over once, and whose tasks are replaced by one rollout.
"""

from collections.abc import Callable
from itertools import zip_longest

import pytest

from tests.chaos.adoption import ADOPT
from tests.chaos.arena import Arena
from tests.chaos.bounds import EXTRA_WRITES, most_reports
from tests.chaos.changes import CHANGES
from tests.chaos.gates import Crash, Moment
from tests.chaos.golden import crashes, fixed, read_golden
from tests.chaos.runs import Run, crashed, undisturbed
from tests.chaos.sequels import lived
from tests.chaos.slices import chosen
from tests.chaos.workloads import CREATE
from tests.chaos.writes import surplus

pytestmark = pytest.mark.slow

SLICE = {
    "add-database": (Moment.AFTER, "proto.AuthService/CreateDatabase"),
    "change-network": (Moment.AFTER, "patch databaseservicedeployments"),
    "upgrade": (Moment.AFTER, "ecs:RegisterTaskDefinition"),
    "move-role": (Moment.AFTER, "iam:DeleteRolePolicy"),
    "scale": (Moment.BEFORE, "ecs:UpdateService"),
    "delete": (Moment.AFTER, "ecs:DeleteService"),
}
"""Where what was done already has to be found again."""

MADE_IN_AWS = (
    "identity providers",
    "roles",
    "ECS clusters",
    "ECS services",
    "ECS tasks",
    "ECS task definitions",
)
"""Kinds that are the operator's alone in the demo."""

Plan = tuple[Crash | None, ...]
"""For each change; None: this change is left alone, as all of its writes have had their turn."""


def first_in_slice(name: str, plans: list[Crash]) -> list[Crash]:
    """With the plan of the slice before all others."""
    return sorted(plans, key=lambda plan: (plan.moment, plan.write.operation) != SLICE[name])


EACH = [first_in_slice(change.name, crashes(change)) for change in CHANGES]
ALL: list[Plan] = list(zip_longest(*EACH))
PLANS = chosen(ALL, lambda plan: plan is ALL[0])


def in_slice(crash: Crash) -> bool:
    """The cluster carries our mark, and the service does not yet."""
    return crash.moment is Moment.AFTER and crash.write.target.endswith(
        ":cluster/example_teleport_sh-teleport"
    )


ADOPTIONS = chosen(crashes(ADOPT), in_slice)


@pytest.fixture(scope="module")
def references(arena: Arena) -> dict[str, Run]:
    """Left alone."""
    return dict(lived(arena, CREATE, CHANGES))


def test_each_change_costs_exactly_these_writes(references: dict[str, Run]) -> None:
    for change in CHANGES:
        assert fixed(change, references[change.name].writes) == read_golden(change), change.name


def test_nothing_is_left_in_the_end(references: dict[str, Run]) -> None:
    after = references["delete"].state
    for kind in MADE_IN_AWS:
        assert after["aws"][kind] == [], kind
    assert {kind: found for kind, found in after["teleport"].items() if found} == {}
    assert after["kubernetes"] == {"objects": []}


def test_the_slice_has_a_crash_in_each_change() -> None:
    assert [(plan.moment, plan.write.operation) for plan in ALL[0] if plan] == list(SLICE.values())


@pytest.mark.parametrize("plan", PLANS, ids=[f"life-{number}" for number in range(len(PLANS))])
def test_a_killed_operator_comes_to_the_same_end_after_each_change(
    arena: Arena, references: dict[str, Run], plan: Plan, record_property: Callable[[str, object], None]
) -> None:
    struck = {change.name: crash for change, crash in zip(CHANGES, plan, strict=True) if crash}
    for name, run in lived(arena, CREATE, CHANGES, struck, references):
        extra = surplus(run.writes, references[name].writes)
        record_property(name, f"{run.reports} reports, without a crash {references[name].reports}")
        assert len(extra) <= EXTRA_WRITES, f"{struck.get(name)}: {extra}"
        assert run.reports <= most_reports(references[name].reports), struck.get(name)


@pytest.fixture(scope="module")
def adopted(arena: Arena) -> Run:
    """Left alone."""
    return undisturbed(arena, ADOPT)


def test_adoption_costs_exactly_these_writes(adopted: Run) -> None:
    assert sorted(adopted.writes) == read_golden(ADOPT)


@pytest.mark.parametrize("crash", ADOPTIONS, ids=str)
def test_a_killed_operator_takes_over_all_the_same(arena: Arena, adopted: Run, crash: Crash) -> None:
    run = crashed(arena, ADOPT, crash, adopted)
    extra = surplus(run.writes, adopted.writes)
    assert len(extra) <= EXTRA_WRITES, extra
    assert run.reports <= most_reports(adopted.reports)
