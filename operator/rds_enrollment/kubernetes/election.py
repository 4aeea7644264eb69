"""Leadership: one process at a time, by a Lease that it acquires, renews and gives back.

Times follow from one number, the Lease's duration D (client-go's defaults are the same proportions of 15 s):

    D          others keep off this long after they saw the last renewal
    D * 2/3    without a renewal the leader stops writing, and ends
    D * 13/15  the process is gone, even when its event loop is stuck
    D * 2/15   pause between two renewals
    D / 15     pause between two looks of a candidate

No clock is ever compared with another machine's: a candidate measures, on its own, how long a record stayed the same,
and the leader counts from before it sent the renewal that succeeded. The times in the record are for people.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from rds_enrollment.kubernetes.lease import Lease, Leases, Record
from rds_enrollment.kubernetes.times import micro_time
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Fence

logger = logging.getLogger(__name__)

_JITTER = 0.2
"""Of a candidate's pause, so that several do not look at the same time."""
_RELEASED_SECONDS = 1
"""The shortest duration that the API server takes."""


def request_seconds(duration: float) -> float:
    """For how long one request about the Lease may take: a leader has time for another before it has to end."""
    return duration / 3


def end_grace_seconds(duration: float) -> float:
    """From the leader's last moment to the end of its process, which is before a candidate may follow."""
    return duration / 5


class Election:
    """This process as a candidate, and then as the leader. Used from one event loop.

    `identity` names it among all that run at the same time. A record with this very identity is taken over at once:
    it was left by a process that this one replaces, such as the former container of the same pod.
    """

    def __init__(
        self,
        leases: Leases,
        fence: Fence,
        *,
        identity: str,
        duration: int,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        rng: random.Random,
        registry: CollectorRegistry,
    ) -> None:
        """`duration` in seconds; `clock` is the fence's; `now` gives aware UTC times."""
        self._leases = leases
        self._fence = fence
        self._identity = identity
        self._duration = duration
        self._clock = clock
        self._now = now
        self._rng = rng
        self._held: Lease | None = None
        self._observed: tuple[Record, float] | None = None
        self._failure: str | None = "not asked yet"
        status = Gauge(
            "leader_election_master_status",
            "1 in the process that holds the Lease, 0 in the others.",
            ("name",),
            registry=registry,
        )
        status.labels(leases.name).set_function(lambda: float(self.leading))

    @property
    def leading(self) -> bool:
        return self._fence.is_open

    def failure(self) -> str | None:
        """Why the last request about the Lease failed, or None."""
        return self._failure

    async def acquire(self, stopping: asyncio.Event) -> bool:
        """Whether the Lease is ours, at last: False only when `stopping` was set before. Raises FatalError when a
        right is missing."""
        while not stopping.is_set():
            if await self.attempt():
                return True
            pause = self._duration / 15 * self._rng.uniform(1 - _JITTER, 1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await stopping.wait()
        return False

    async def keep(self) -> None:
        """Renew the Lease until it is lost, which raises FatalError: the process has to end."""
        while True:
            await asyncio.sleep(self._duration * 2 / 15)
            await self.renew()

    async def attempt(self) -> bool:
        """Look, and take the Lease when it is free. False when it is not, or when the answer failed to come."""
        began = self._clock()
        try:
            lease = await self._leases.get()
            held = await self._take(lease) if self._is_free(lease) else None
        except Conflict:  # another candidate was faster
            held = None
        except Blocked as blocked:
            raise FatalError(f"cannot use the Lease {self._leases}: {blocked.message}") from blocked
        except Outcome as outcome:
            self._failed(outcome)
            return False
        self._failure = None
        if held is not None:
            self._hold(held, began)
            logger.info("Leading: %s holds the Lease %s", self._identity, self._leases)
        return held is not None

    async def renew(self) -> None:
        """One renewal. What fails is tried again until the fence has closed; then, or when another holds the Lease,
        FatalError is raised."""
        began = self._clock()
        if not self._fence.has_expired:
            try:
                self._hold(await self._renewed(), began)
            except Outcome as outcome:
                self._failed(outcome)
        if self._fence.has_expired:
            why = self._failure or "this process was stopped for too long"
            raise FatalError(f"the Lease {self._leases} was not renewed in time: {why}")

    async def release(self) -> None:
        """Give the Lease back, so that another may follow at once. Only after the last write was answered.

        A failure is logged: the Lease then runs out by itself.
        """
        lease, self._held = self._held, None
        if lease is None:
            return
        self._fence.close()
        record = self._record("", lease.record.acquired, lease.record.transitions, _RELEASED_SECONDS)
        try:
            await self._leases.update(lease, record)
        except Outcome as outcome:
            logger.warning("The Lease could not be released: %s", outcome.message)
        else:
            logger.info("Released the Lease %s", self._leases)

    async def _take(self, lease: Lease | None) -> Lease:
        acquired = micro_time(self._now())
        if lease is None:
            return await self._leases.create(self._record(self._identity, acquired, 0))
        return await self._leases.update(
            lease, self._record(self._identity, acquired, lease.record.transitions + 1)
        )

    def _is_free(self, lease: Lease | None) -> bool:
        if lease is None or lease.record.holder in ("", self._identity):
            return True
        now = self._clock()
        if self._observed is None or self._observed[0] != lease.record:
            if self._observed is None or self._observed[0].holder != lease.record.holder:
                logger.info("Standing by: %s holds the Lease %s", lease.record.holder, self._leases)
            self._observed = (lease.record, now)
        return now - self._observed[1] >= (lease.record.seconds or self._duration)

    async def _renewed(self) -> Lease:
        """Raises Outcome, and FatalError when the Lease is no longer ours."""
        held = self._require_ours(self._held)
        record = self._record(self._identity, held.record.acquired, held.record.transitions)
        try:
            return await self._leases.update(held, record)
        except Conflict:  # by somebody else's hand, or by a renewal of ours whose answer was lost
            self._held = self._require_ours(await self._leases.get())
            return await self._leases.update(self._held, record)

    def _require_ours(self, lease: Lease | None) -> Lease:
        """Ours is what we acquired at that time: a process with our identity that came later is another."""
        if lease is None or self._held is None:
            self._fence.close()
            raise FatalError(f"the Lease {self._leases} was deleted")
        mine, found = self._held.record, lease.record
        if (found.holder, found.acquired) != (mine.holder, mine.acquired):
            self._fence.close()
            raise FatalError(f"the Lease {self._leases} was taken over by {found.holder or 'nobody'}")
        return lease

    def _hold(self, lease: Lease, began: float) -> None:
        self._held = lease
        self._failure = None
        self._fence.open_until(began + self._duration * 2 / 3)

    def _failed(self, outcome: Outcome) -> None:
        if self._failure != outcome.message:
            logger.warning("The Lease could not be read or renewed: %s", outcome.message)
        self._failure = outcome.message

    def _record(self, holder: str, acquired: str, transitions: int, seconds: int | None = None) -> Record:
        renewed = micro_time(self._now())
        return Record(holder, seconds or self._duration, acquired, renewed, transitions)
