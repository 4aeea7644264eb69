"""Which objects may be torn down now: at most so many within an hour."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

from rds_enrollment.api.common import CommonStatus
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.api.reasons import Reason
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.plan.brake import PERIOD, held_back, next_turn
from rds_enrollment.plan.outcome import Conflict
from rds_enrollment.plan.part import Part, steps_of

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_FIELD = "teardownStartedAt"


class TeardownBrake:
    """Counts the teardowns that began: those of objects that still exist by their status, so that a new process
    counts them too, and those of objects that are gone since this process has been the leader."""

    def __init__(self, objects: Objects, limit: int, now: Callable[[], datetime]) -> None:
        """`limit`: teardowns that may begin within an hour; 0: any number."""
        self._objects = objects
        self._limit = limit
        self._now = now
        self._begun: dict[str, datetime] = {}
        """By the object's UID."""

    async def passed(
        self, raw: dict[str, Any], status: CommonStatus, parts: Sequence[Part]
    ) -> Sequence[Part]:
        """The parts of a teardown, or what they come to while it may not begin. Only what writes is counted.

        Raises:
            Conflict: the teardown has just been let begin, and its object says so now: read it again.
            Outcome: the other objects cannot be read, or this one cannot be written.
        """
        if not self._limit or status.teardown_started_at is not None or not steps_of(parts):
            return parts
        uid = raw["metadata"]["uid"]
        turn = self._take_turn(uid, await self._visible())
        if turn is not None:
            now = self._now()
            return [held_back(part, turn, self._limit, now) if part.steps else part for part in parts]
        begun = status.model_copy(update={"teardown_started_at": self._begun[uid]})
        await self._objects.write_status(raw, begun.on_the_wire())
        raise Conflict(Reason.DELETING, "Its teardown begins.")

    async def _visible(self) -> dict[str, datetime]:
        """Teardowns that began, by UID, of all objects that are there."""
        return {
            uid: begun
            for kind in KINDS
            for obj in await self._objects.list(kind)
            for uid, begun in _begun(obj)
        }

    def _take_turn(self, uid: str, visible: Mapping[str, datetime]) -> datetime | None:
        """None: the teardown begins now, and is remembered before anybody else is asked (no await in here)."""
        now = self._now()
        self._begun = {
            known: begun for known, begun in {**visible, **self._begun}.items() if begun > now - PERIOD
        }
        if uid in self._begun:
            return None
        turn = next_turn(self._begun.values(), self._limit, now)
        if turn is None:
            self._begun[uid] = now
        return turn


def _begun(obj: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    if moment := obj.get("status", {}).get(_FIELD):
        yield obj["metadata"]["uid"], _MOMENT.validate_python(moment)
