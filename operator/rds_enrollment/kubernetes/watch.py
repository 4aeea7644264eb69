"""Whether the watch still hears: what it delivered is compared with what a list shows.

An open connection proves nothing, and silence is normal; a version that a list shows and the watch has not
delivered after a grace period is proof that it is deaf. Resource versions of one resource are comparable as
integers (Kubernetes API concepts, "Resource versions").
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.kubernetes import resources
from rds_enrollment.kubernetes.errors import ApiError, Request, translate
from rds_enrollment.kubernetes.rest import METADATA_LIST, Rest
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.runtime.reconciler import Key

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one object."""

    key: Key
    uid: str
    version: int


@dataclass(frozen=True, slots=True)
class _Missing:
    version: Version
    since: float


class WatchMonitor:
    """Compares deliveries with lists. The watch may deliver from another thread than the one that compares."""

    def __init__(
        self,
        *,
        grace: float,
        clock: Callable[[], float],
        wall: Callable[[], float],
        registry: CollectorRegistry,
    ) -> None:
        """`grace`: for how long the watch may owe a change; `clock` is monotonic, `wall` Unix time. All in seconds."""
        self._grace = grace
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._delivered: dict[str, Version] = {}
        self._missing: dict[str, _Missing] = {}
        self._vanished: set[str] = set()
        self._last_event = Gauge(
            "rds_enrollment_watch_last_event_timestamp_seconds",
            "When the watch last delivered an event.",
            ("kind",),
            registry=registry,
        )
        Gauge(
            "rds_enrollment_watch_undelivered_seconds",
            "How long the watch has been owing the oldest change that a list shows; 0 when it owes none.",
            registry=registry,
        ).set_function(self._owing)

    def delivered(self, version: Version, *, deleted: bool) -> None:
        """The watch (or its first list) has delivered a version of an object, or the end of it."""
        self._last_event.labels(version.key.kind).set(self._wall())
        with self._lock:
            missing = self._missing.get(version.uid)
            if missing is not None and version.version >= missing.version.version:
                del self._missing[version.uid]
            if deleted:
                self._delivered.pop(version.uid, None)
                self._vanished.discard(version.uid)
            else:
                self._delivered[version.uid] = version

    def listed(self, kind: str, versions: Iterable[Version], list_version: int) -> set[Key]:
        """A list of `kind` as of `list_version`. Returns the keys whose change or deletion was missed.

        A difference counts from the second list that shows it: events are usually some milliseconds late.
        """
        now = self._clock()
        listed = {version.uid: version for version in versions}
        with self._lock:
            return self._missed_changes(kind, listed, now) | self._missed_deletions(
                kind, listed, list_version
            )

    def _owing(self) -> float:
        now = self._clock()
        with self._lock:
            return max((now - missing.since for missing in self._missing.values()), default=0.0)

    def stuck(self) -> str | None:
        """What a health check has to say, or None."""
        now = self._clock()
        with self._lock:
            for missing in self._missing.values():
                age = now - missing.since
                if age > self._grace:
                    return f"a change of {missing.version.key} has not been delivered for {age:.0f} s"
        return None

    def _missed_changes(self, kind: str, listed: dict[str, Version], now: float) -> set[Key]:
        missed = set()
        for uid, missing in list(self._missing.items()):
            if missing.version.key.kind == kind and uid not in listed:
                del self._missing[uid]  # gone since: nothing is left to be delivered for sure
                missed.add(missing.version.key)
        for uid, version in listed.items():
            delivered = self._delivered.get(uid)
            if delivered is not None and delivered.version >= version.version:
                continue
            if uid in self._missing:
                missed.add(version.key)
            else:
                self._missing[uid] = _Missing(version, now)
        return missed

    def _missed_deletions(self, kind: str, listed: dict[str, Version], list_version: int) -> set[Key]:
        """Heals by the key alone and never counts as deaf: kopf forgets deletions that fall into a re-list
        (HTTP 410), which a restart would not bring back."""
        missed = set()
        for uid, version in list(self._delivered.items()):
            if version.key.kind != kind or uid in listed or version.version > list_version:
                self._vanished.discard(uid)
            elif uid in self._vanished:
                self._vanished.discard(uid)
                del self._delivered[uid]
                missed.add(version.key)
            else:
                self._vanished.add(uid)
        return missed


class WatchCheck:
    """Feeds the monitor with lists (of metadata only), and the queue with what the watch has missed."""

    def __init__(
        self,
        rest: Rest,
        monitor: WatchMonitor,
        *,
        namespaces: tuple[str, ...],
        missed: Callable[[Key], None],
    ) -> None:
        self._rest = rest
        self._monitor = monitor
        self._scopes: tuple[str | None, ...] = namespaces or (None,)
        self._missed = missed
        self._failure: str | None = "not listed yet"

    async def run(self, interval: float) -> None:
        """Check every `interval` seconds, until cancelled."""
        while True:
            await asyncio.sleep(interval)
            await self.check()

    async def check(self) -> None:
        """One comparison of all kinds. A list that fails is logged and leaves the state as it is: that the
        API server is away does not make the watch deaf."""
        try:
            await self.compare()
        except Outcome as outcome:
            self._failure = outcome.message
            logger.warning("The watch could not be checked: %s", outcome.message)

    async def compare(self) -> None:
        """The same, raising the Outcome of a list that fails."""
        for kind in KINDS:
            await self._compare(kind)
        self._failure = None

    def failure(self) -> str | None:
        """Why the last check could not list, or None."""
        return self._failure

    async def _compare(self, kind: str) -> None:
        versions: list[Version] = []
        oldest: int | None = None
        for scope in self._scopes:
            request = Request("list", resources.plural(kind), f"in {scope or 'all namespaces'}")
            path = resources.collection(kind, scope)
            page = await self._rest.list(request, path, accept=METADATA_LIST)
            versions += [version_of(kind, item["metadata"]) for item in page["items"]]
            listed_at = int(page["metadata"]["resourceVersion"])
            oldest = listed_at if oldest is None else min(oldest, listed_at)
        for key in self._monitor.listed(kind, versions, oldest or 0):
            logger.warning("The watch has missed a change of %s", key)
            self._missed(key)


async def require_kinds(rest: Rest, namespaces: tuple[str, ...]) -> None:
    """Ask for a first object of each kind in every namespace (none named: in all). Raises the Outcome of a refusal."""
    for kind in KINDS:
        for scope in namespaces or (None,):
            request = Request("list", resources.plural(kind), f"in {scope or 'all namespaces'}")
            try:
                await rest.request(
                    request,
                    "GET",
                    resources.collection(kind, scope),
                    query={"limit": "1"},
                    accept=METADATA_LIST,
                )
            except ApiError as error:
                raise translate(error, request) from error


def version_of(kind: str, metadata: dict[str, str]) -> Version:
    """The version that an object's metadata names."""
    key = Key(kind, metadata["namespace"], metadata["name"])
    return Version(key, metadata["uid"], int(metadata["resourceVersion"]))
