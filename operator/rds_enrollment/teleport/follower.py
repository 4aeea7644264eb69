"""Keeps the memory in step with Teleport: one stream of events, and listings where there is none.

Every stream begins anew: its first event, then a listing, then what came meanwhile, and from there on each event as
it arrives. Between the end of a stream and the next listing nothing is lost, because a listing shows what is gone.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from rds_enrollment.plan.outcome import Blocked, Outcome, Transient
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.teleport.calls import CALL_SECONDS, Caller
from rds_enrollment.teleport.errors import Permission
from rds_enrollment.teleport.events import Delete, Init, Put, read_event
from rds_enrollment.teleport.kinds import ABSENT, Held, Kind
from rds_enrollment.teleport.listings import list_kind
from rds_enrollment.teleport.memory import Change, Memory
from rds_enrollment.teleport.own_writes import OwnWrites
from rds_enrollment.teleport.streams import Incoming, open_stream
from rds_enrollment.teleport.wire.event_pb2 import Event, Watch
from rds_enrollment.teleport.wire.resource_pb2 import WatchKind

logger = logging.getLogger(__name__)

KINDS = frozenset(Kind)
_ATTEMPT = "stream"
_T = TypeVar("_T")


def watch_request() -> Watch:
    """Asks for all kinds, and for those that are allowed if not all are."""
    return Watch(Kinds=[WatchKind(Kind=kind) for kind in Kind], AllowPartialSuccess=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds."""

    poll: float = 15.0
    """Between two listings of what no stream tells of."""
    check: float = 5.0
    """Between two looks at expiries and at the session, at most."""
    renewal: float = 1800.0
    """After which a stream is opened anew, so that whatever it may have missed is listed."""


class Follower:
    """Feeds a Memory. `live` are the kinds that the stream tells of, as long as it does."""

    def __init__(
        self,
        call: Caller,
        memory: Memory,
        own: OwnWrites,
        *,
        tell: Callable[[Iterable[Change]], None],
        now: Callable[[], datetime],
        backoff: Backoff[str],
        pace: Pace,
    ) -> None:
        self.live: frozenset[Kind] = frozenset()
        self.streams = 0
        """Streams that were in sync so far."""
        self._call = call
        self._memory = memory
        self._own = own
        self._tell = tell
        self._now = now
        self._backoff = backoff
        self._pace = pace
        self._incoming: Incoming[Event] | None = None
        self._pending: dict[tuple[Kind, str], Put | Delete] | None = None
        self._complaint = ""

    def is_live(self, kind: Kind) -> bool:
        """Whether the memory of a kind is in step, over the session that calls use. Raises Blocked without one."""
        return kind in self.live and self._incoming is not None and self._incoming.is_current()

    async def run(self) -> None:
        """Follow for ever. A bug costs the stream, not the process: its traceback is logged, and it starts again."""
        while True:
            try:
                await self._follow()
                pause = 0.0
            except Outcome as outcome:
                self._complain(outcome)
                pause = self._pause_after(outcome)
                await self._poll(KINDS)
            except Exception:
                logger.exception("The stream of Teleport's events met a bug")
                pause = self._pace.poll
            await asyncio.sleep(pause)

    def _pause_after(self, outcome: Outcome) -> float:
        if isinstance(outcome, Transient):
            return min(self._backoff.next(_ATTEMPT), self._pace.poll)
        return self._pace.poll

    def _complain(self, outcome: Outcome) -> None:
        """Once for each thing to say: the attempts go on."""
        if outcome.message != self._complaint:
            logger.warning("Teleport's events are not followed, it is polled instead: %s", outcome.message)
        self._complaint = outcome.message

    async def _follow(self) -> None:
        """One stream, until it ends (raises Outcome) or is to be opened anew (returns)."""
        permission = Permission(", ".join(Kind), ("read",))
        async with open_stream(
            self._call, lambda session: session.auth.WatchEvents, watch_request(), permission=permission
        ) as incoming:
            kinds = await self._begin(incoming)
            consuming = asyncio.ensure_future(self._consume(incoming))
            try:
                await _unless_ended(consuming, self._synchronise(kinds))
                await self._keep(incoming, consuming)
            finally:
                self.live = frozenset()
                self._incoming = None
                await _ended(consuming)

    async def _begin(self, incoming: Incoming[Event]) -> frozenset[Kind]:
        first = read_event(await incoming.next(CALL_SECONDS), KINDS)
        kinds = first.kinds if isinstance(first, Init) else frozenset()
        self._incoming = incoming
        self._pending = {}
        self._own.stream_begins()
        return kinds

    async def _consume(self, incoming: Incoming[Event]) -> None:
        while True:
            event = read_event(await incoming.next(), KINDS)
            if isinstance(event, Put | Delete):
                self._receive(event)

    def _receive(self, event: Put | Delete) -> None:
        revision = event.held.revision if isinstance(event, Put) else ABSENT
        is_known = self._own.deliver(event.address, revision)
        if self._pending is not None:
            self._pending[event.address] = event  # the last one of an object counts
            return
        change = self._memory.apply(event)
        if not is_known:
            self._tell([change])

    async def _synchronise(self, kinds: frozenset[Kind]) -> None:
        """List, then take over all at once, with what the stream has told meanwhile."""
        listed: dict[Kind, list[Held]] = {}
        for kind in sorted(kinds):
            try:
                listed[kind] = await list_kind(self._call, kind)
            except Blocked as blocked:
                logger.warning("%s is read anew at each pass: %s", kind, blocked.message)
        changes = [change for kind, held in listed.items() for change in self._memory.replace(kind, held)]
        changes += [self._memory.apply(event) for event in (self._pending or {}).values()]
        self._pending = None
        self.live = frozenset(listed)
        self.streams += 1
        self._backoff.forget(_ATTEMPT)
        self._complaint = ""
        self._report()
        self._tell(changes)

    def _report(self) -> None:
        logger.info("Teleport's events are followed", extra={"kinds": sorted(self.live)})
        if unlisted := sorted(KINDS - self.live):
            logger.warning(
                "Teleport does not tell of %s: give the operator's role a rule with list and read for it",
                ", ".join(unlisted),
            )

    async def _keep(self, incoming: Incoming[Event], consuming: asyncio.Task[None]) -> None:
        """Until the stream ends, gets old, or another session takes the calls."""
        clock = asyncio.get_running_loop().time
        renewal, next_poll = clock() + self._pace.renewal, clock() + self._pace.poll
        polled = KINDS - self.live
        while clock() < renewal and incoming.is_current():
            await asyncio.wait({consuming}, timeout=self._pause())
            if consuming.done():
                return consuming.result()
            self._tell(self._memory.expire(self._now()))
            if polled and clock() >= next_poll:
                polled = await self._poll(polled)
                next_poll = clock() + self._pace.poll
        return None

    def _pause(self) -> float:
        expiry = self._memory.seconds_to_expiry(self._now())
        return self._pace.check if expiry is None else min(self._pace.check, max(expiry, 0.05))

    async def _poll(self, kinds: frozenset[Kind]) -> frozenset[Kind]:
        """List, to wake whom a change concerns. Returns the kinds that may be listed."""
        listed = set(kinds)
        for kind in sorted(kinds):
            try:
                self._tell(self._memory.replace(kind, await list_kind(self._call, kind)))
            except Blocked as blocked:
                listed.discard(kind)
                logger.debug("%s cannot be polled: %s", kind, blocked.message)
            except Outcome as outcome:
                logger.debug("Teleport cannot be polled: %s", outcome.message)
                break
        return frozenset(listed)


async def _unless_ended(consuming: asyncio.Task[None], work: Coroutine[Any, Any, _T]) -> _T:
    """What `work` returns. Raises what `consuming` ended with when that comes first."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({consuming, task}, return_when=asyncio.FIRST_COMPLETED)
        if consuming.done():
            consuming.result()
        return task.result()
    finally:
        await _ended(task)


async def _ended(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
