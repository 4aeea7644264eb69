"""The brake on deletions, with a clock that a test turns and objects in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegrationStatus
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.brake import TeardownBrake
from rds_enrollment.plan.outcome import Conflict, Waiting
from rds_enrollment.plan.part import Part, removed, writing
from rds_enrollment.plan.steps.iam import DeleteRole

ROLE = ConditionType.ROLE_READY
TO_DO = (writing(ROLE, DeleteRole(condition=ROLE, role="r")),)
DONE = (removed(ROLE, "Gone."),)


class World:
    """A clock, and the objects that an API server would have."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.objects: dict[str, dict[str, Any]] = {}

    async def list(self, kind: str) -> list[dict[str, Any]]:
        return list(self.objects.values()) if kind == AWS_OIDC_INTEGRATION.kind else []

    async def write_status(self, obj: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        obj["status"] = status
        return obj

    def brake(self, limit: int = 2) -> TeardownBrake:
        """A process's own."""
        return TeardownBrake(cast("Any", self), limit, lambda: self.now)

    async def ask(self, brake: TeardownBrake, name: str, parts: tuple[Part, ...] = TO_DO) -> Sequence[Part]:
        """What a pass over the object may do."""
        raw = self.objects.setdefault(name, {"metadata": {"uid": name}, "status": {}})
        return await brake.passed(raw, AwsOidcIntegrationStatus.model_validate(raw["status"]), parts)

    async def begin(self, brake: TeardownBrake, name: str) -> None:
        with pytest.raises(Conflict):
            await self.ask(brake, name)
        assert await self.ask(brake, name) is TO_DO


async def test_so_many_begin_within_an_hour_and_the_rest_wait_their_turn() -> None:
    world = World()
    brake = world.brake()
    await world.begin(brake, "a")
    world.now += timedelta(minutes=10)
    await world.begin(brake, "b")
    world.now += timedelta(minutes=20)
    del world.objects["a"]

    [part] = await world.ask(brake, "c")
    assert isinstance(part.outcome, Waiting)
    assert part.outcome.after == timedelta(minutes=30).total_seconds()
    assert part.verdict.reason is Reason.DELETION_QUEUED
    assert "13:00:00 UTC" in part.verdict.message
    assert (part.steps, part.done) == ((), False)
    assert world.objects["c"]["status"] == {}
    # Who has nothing to remove, and who has begun, is not held.
    assert await world.ask(brake, "d", DONE) is DONE
    assert await world.ask(brake, "b") is TO_DO

    world.now += timedelta(minutes=30)
    await world.begin(brake, "c")
    [part] = await world.ask(brake, "e")
    assert isinstance(part.outcome, Waiting)
    assert part.outcome.after == timedelta(minutes=10).total_seconds()


async def test_a_new_process_counts_what_it_can_see() -> None:
    world = World()
    former = world.brake()
    for name in "ab":
        await world.begin(former, name)

    assert (await world.ask(world.brake(), "c"))[0].verdict.reason is Reason.DELETION_QUEUED
    assert await world.ask(world.brake(), "a") is TO_DO
    # What is gone left no trace.
    del world.objects["a"]
    await world.begin(world.brake(), "c")


async def test_one_whose_mark_was_not_written_is_not_counted_twice() -> None:
    world = World()
    brake = world.brake(limit=1)
    with pytest.raises(Conflict):
        await world.ask(brake, "a")
    world.objects["a"]["status"] = {}
    await world.begin(brake, "a")


async def test_without_a_limit_nothing_is_counted() -> None:
    world = World()
    brake = world.brake(limit=0)
    for name in "abcdef":
        assert await world.ask(brake, name) is TO_DO
        assert world.objects[name]["status"] == {}
