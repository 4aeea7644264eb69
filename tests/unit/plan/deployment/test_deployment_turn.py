"""Versions are changed a few deployments at a time, in one order, and nobody waits for ever."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.turn import LONGEST_HOLD, goes_after
from rds_enrollment.plan.deployment.version import agent_version, wants_another_version
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.kubernetes import Claim, Neighbour
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import steps_of

from tests.unit.plan.deployment.build import NOW, WANTED, world

OLD, NEW = "18.0.0", "18.1.0"
ELDER, MINE, YOUNGER = (Claim(NOW + timedelta(days=day), "teleport", f"day-{day}") for day in (1, 2, 3))
UPGRADED = replace(
    WANTED,
    claim=MINE,
    scope=replace(WANTED.scope, cluster=replace(WANTED.scope.cluster, version=NEW)),
)
WAITING = Neighbour(claim=ELDER, version=OLD, follows=True, ready=True)
ROLLING = Neighbour(claim=YOUNGER, version=NEW, follows=True, ready=False, rolling_since=NOW)


def first(*neighbours: Neighbour, **wanted: Any) -> tuple[Claim, ...]:
    return goes_after(replace(UPGRADED, **wanted), world(neighbours=neighbours, observed_at=NOW), NEW)


@pytest.mark.parametrize(
    ("neighbour", "before"),
    [
        (WAITING, True),
        (replace(WAITING, claim=YOUNGER), False),
        (replace(WAITING, version=NEW), False),  # it is there
        (replace(WAITING, version=""), False),  # it has no agents yet
        (replace(WAITING, ready=False), False),  # it cannot begin, or failed
        (replace(WAITING, follows=False), False),
        (ROLLING, True),
        (replace(ROLLING, rolling_since=NOW - LONGEST_HOLD), False),  # stuck
        (replace(ROLLING, rolling_since=NOW - LONGEST_HOLD + timedelta(seconds=1)), True),
    ],
)
def test_who_goes_first(neighbour: Neighbour, before: bool) -> None:
    assert first(neighbour) == ((neighbour.claim,) if before else ())


def test_as_many_as_allowed_go_at_a_time() -> None:
    assert first(WAITING, ROLLING, max_rollouts=3) == ()
    assert first(WAITING, ROLLING, max_rollouts=2) == (ELDER, YOUNGER)


def test_one_that_does_not_serve_lets_all_go_first_that_do() -> None:
    assert first(replace(WAITING, claim=YOUNGER), serves=False) == (YOUNGER,)


def test_one_whose_rollout_failed_is_not_asked_to_wait() -> None:
    assert first(WAITING, rollout_failed=True) == ()


def test_while_it_waits_nothing_is_written_and_it_stays_ready() -> None:
    seen = world(neighbours=(WAITING,), observed_at=NOW)
    parts = plan(UPGRADED, seen)
    assert steps_of(parts) == ()
    assert [part.condition for part in parts if part.condition in REQUIRED and not part.done] == []
    (deployed,) = [part.verdict for part in parts if part.condition is ConditionType.SERVICE_DEPLOYED]
    assert deployed.reason is Reason.ROLLOUT_QUEUED
    assert "waits for teleport/day-1: 1 at a time" in deployed.message
    # What else is wanted is not held up, and is rolled out with the version that it has.
    (update,) = steps_of(plan(replace(UPGRADED, replicas=3), seen))
    assert update.changed == ("desiredCount 2 to 3",)


def test_a_version_that_is_the_same_or_pinned_asks_for_no_turn() -> None:
    assert wants_another_version(UPGRADED, world())
    assert not wants_another_version(WANTED, world())
    assert not wants_another_version(UPGRADED, world(service=None, serving=None))


def test_what_could_not_be_read_holds_the_version() -> None:
    unread = Unseen(Transient(Reason.KUBERNETES_UNAVAILABLE, "503"))
    held = agent_version(UPGRADED, world(neighbours=unread))
    assert (held.version, held.reason) == (OLD, Reason.ROLLOUT_QUEUED)


@dataclass
class Member:
    """A deployment of a small cluster, and what its object says, which may lag behind what it does."""

    claim: Claim
    fate: str
    """works, goes back, sticks, or is broken before."""
    version: str = OLD
    rolling: int = 0
    told: Neighbour | None = None

    def tell(self, now: datetime) -> None:
        failed = self.fate == "goes back" and self.version == "failed"
        self.told = Neighbour(
            claim=self.claim,
            version=NEW if self.rolling or self.version == NEW else OLD,
            follows=True,
            ready=not self.rolling and not failed and self.fate != "broken",
            rolling_since=now if self.rolling else None,
        )


@settings(deadline=None, max_examples=30)
@given(
    fates=st.lists(st.sampled_from(["works", "goes back", "sticks", "broken"]), min_size=2, max_size=6),
    budget=st.integers(1, 3),
    order=st.randoms(use_true_random=False),
)
def test_every_order_of_passes_keeps_the_budget_and_ends(fates: list[str], budget: int, order: Any) -> None:
    members = [
        Member(Claim(NOW + timedelta(days=day), "teleport", str(day)), fate) for day, fate in enumerate(fates)
    ]
    for member in members:
        member.tell(NOW)
    now = NOW
    for _ in range(60):
        order.shuffle(members)
        for member in members:
            now += timedelta(minutes=1)
            _pass(member, members, budget, now)
            at_once = sum(bool(item.rolling) and item.fate not in ("sticks", "broken") for item in members)
            assert at_once <= budget
    assert all(item.version != OLD or item.fate == "sticks" for item in members)


def _pass(member: Member, members: list[Member], budget: int, now: datetime) -> None:
    """What a member does, from what the others told last."""
    others = tuple(item.told for item in members if item is not member and item.told)
    if member.rolling:
        member.rolling -= member.fate != "sticks"
        if not member.rolling:
            member.version = "failed" if member.fate == "goes back" else NEW
    elif member.version == OLD:
        wanted = replace(UPGRADED, claim=member.claim, max_rollouts=budget, serves=member.fate != "broken")
        if not goes_after(wanted, world(neighbours=others, observed_at=now), NEW):
            member.rolling = 2
    since = member.told.rolling_since if member.told else None
    member.tell(since or now)
