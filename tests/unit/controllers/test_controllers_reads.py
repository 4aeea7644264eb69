"""What a pass has read stands until a write of its own may have changed it."""

from dataclasses import dataclass, field

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.reads import PassReads
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Outcome, Transient

ROLE = ConditionType.ROLE_READY
SERVICE = ConditionType.SERVICE_DEPLOYED


@dataclass
class Things:
    """Two things that can be read, one of which our writes for RoleReady change."""

    reads: PassReads = field(default_factory=PassReads)
    asked: list[str] = field(default_factory=list)
    failure: Outcome | None = None

    async def role(self) -> str:
        self.asked.append("role")
        if self.failure:
            raise self.failure
        return f"role at read {len(self.asked)}"

    async def subnets(self) -> None:
        self.asked.append("subnets")

    async def look(self) -> object:
        await self.reads.once("subnets", (), self.subnets)
        return await self.reads.once("role", {ROLE}, self.role)


async def test_each_thing_is_read_once_absent_ones_too() -> None:
    things = Things()
    first = await things.look()
    assert await things.look() == first == "role at read 2"
    assert things.asked == ["subnets", "role"]


async def test_a_write_voids_what_its_condition_is_judged_by() -> None:
    things = Things()
    await things.look()
    things.reads.forget({ROLE})
    assert await things.look() == "role at read 3"
    things.reads.forget({SERVICE})
    assert await things.look() == "role at read 3"


async def test_everything_may_have_changed() -> None:
    things = Things()
    await things.look()
    things.reads.forget(None)
    await things.look()
    assert things.asked == ["subnets", "role"] * 2


async def test_what_could_not_be_read_is_tried_again() -> None:
    things = Things(failure=Transient(Reason.AWS_THROTTLED, "slow down"))
    assert await things.look() == Unseen(things.failure)
    things.failure = None
    assert await things.look() == "role at read 3"
