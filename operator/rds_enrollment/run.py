"""`rds-enrollment run`: stands by, leads, and ends within ten seconds."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rds_enrollment import __version__, handlers
from rds_enrollment.controllers.measured import measured
from rds_enrollment.kubernetes import config
from rds_enrollment.kubernetes.election import Election, end_grace_seconds
from rds_enrollment.kubernetes.patience import until_answered
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.kubernetes.watch import WatchCheck, WatchMonitor, require_kinds, version_of
from rds_enrollment.parts import Build, Open, Parts, open_election, open_parts, owner_id_of
from rds_enrollment.plan.outcome import Outcome, Transient
from rds_enrollment.runtime import logging as logs
from rds_enrollment.runtime.deadline import end_process_after_fence, end_process_within
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import NotLeadingError, seconds_since_boot
from rds_enrollment.runtime.garbage import spare_the_event_loop
from rds_enrollment.runtime.http import HttpServer
from rds_enrollment.runtime.reconciler import Key, Reconciler, Result
from rds_enrollment.runtime.settings import Settings, parse_address
from rds_enrollment.runtime.watcher import WatchThread

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 7.0
"""For passes that run when the end is asked for; what remains until _END_SECONDS is for the Lease."""
_END_SECONDS = 8.5
"""From a signal to the end of the process, whatever still hangs."""
_WATCH_END_SECONDS = 1.5
"""For kopf to end."""
_PASS_LIMIT_SECONDS = 600.0
"""A pass that runs longer counts as hung: /healthz fails."""
_WAIT_LIMIT_SECONDS = 60.0
"""A key that waits longer beside a free worker shows a queue that is stuck: /healthz fails."""


async def run(settings: Settings, build: Build) -> None:
    """Serve until SIGTERM or SIGINT. Raises FatalError when the operator cannot start, the watch has ended or the
    Lease is lost."""
    stopping = _on_signal()
    spare_the_event_loop()
    async with (
        open_parts(settings) as (parts, rest),
        open_election(parts) as election,
    ):
        await _serve(parts, rest, election, build(parts), stopping)


def _on_signal() -> asyncio.Event:
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            end_process_within(_END_SECONDS, exit_code=0)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping


async def _serve(
    parts: Parts, rest: Rest, election: Election, open_reconcilers: Open, stopping: asyncio.Event
) -> None:
    settings, queue = parts.settings, parts.queue
    monitor = WatchMonitor(
        grace=settings.watch_grace_seconds, clock=time.monotonic, wall=time.time, registry=parts.registry
    )
    check = WatchCheck(rest, monitor, namespaces=settings.watch_namespaces, missed=queue.add)
    # One that stands by is ready when it could lead at once: rollouts and drains count on it.
    parts.readiness["lease"] = election.failure
    parts.readiness["kubernetes"] = lambda: check.failure() if parts.leading.is_set() else None
    parts.readiness["process"] = lambda: "stopping" if stopping.is_set() else None
    http = HttpServer(
        registry=parts.registry,
        health={
            "watch": monitor.stuck,
            "queue": lambda: queue.stuck(pass_limit=_PASS_LIMIT_SECONDS, wait_limit=_WAIT_LIMIT_SECONDS),
        },
        readiness=parts.readiness,
    )
    await _listen(http, settings)
    try:
        owner_id = await _introduced(parts, rest, stopping)
        if owner_id is None:
            return
        async with open_reconcilers(owner_id) as reconcilers:
            if await election.acquire(stopping):
                await _lead(parts, election, check, _watch(parts, monitor), reconcilers, stopping)
    finally:
        stopping.set()
        await http.stop()


async def _lead(
    parts: Parts,
    election: Election,
    check: WatchCheck,
    watch: WatchThread,
    reconcilers: Mapping[str, Reconciler],
    stopping: asyncio.Event,
) -> None:
    """The work, from the moment that the Lease is held."""
    settings, queue = parts.settings, parts.queue
    end_process_after_fence(parts.fence, end_grace_seconds(settings.lease_seconds), seconds_since_boot)
    keeping = asyncio.create_task(election.keep(), name="the Lease")
    parts.leading.set()
    await check.check()
    told = measured(reconcilers, parts.object_metrics)
    working = asyncio.create_task(queue.run(settings.workers, _dispatch(told)), name="queue")
    checking = asyncio.create_task(check.run(settings.watch_check_seconds), name="watch check")
    watch.start()
    try:
        await _until_stopped(stopping, watch, [working, checking, keeping])
    finally:
        stopping.set()
        checking.cancel()
        drained, ended = await asyncio.gather(
            _hand_over(parts, election, keeping), watch.stop(_WATCH_END_SECONDS)
        )
        logger.info("Stopped", extra={"passes_ended": drained, "watch_ended": ended})
        await asyncio.gather(working, checking, return_exceptions=True)


async def _hand_over(parts: Parts, election: Election, keeping: asyncio.Task[None]) -> bool:
    """End all passes, and release the Lease when none has to be cut: what a cut one has sent may still take effect.

    A pass ends before its next write: the successor, who can begin so much sooner, does the rest.
    """
    parts.fence.close()
    drained = await parts.queue.shutdown(_DRAIN_SECONDS)
    lost = keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    if drained and not lost:
        await election.release()
    return drained


def _watch(parts: Parts, monitor: WatchMonitor) -> WatchThread:
    loop = asyncio.get_running_loop()

    def deliver(kind: str, obj: Mapping[str, Any], deleted: bool) -> None:
        monitor.delivered(version_of(kind, obj["metadata"]), deleted=deleted)
        parts.object_metrics.delivered(kind, obj, deleted=deleted)
        for key in parts.wakes.keys(kind, obj, deleted=deleted):
            loop.call_soon_threadsafe(parts.queue.add, key)

    return WatchThread(
        handlers.build_registry(config.load, deliver),
        handlers.build_settings(),
        namespaces=parts.settings.watch_namespaces,
    )


async def _listen(http: HttpServer, settings: Settings) -> None:
    host, port = parse_address(settings.http_address)
    try:
        bound = await http.start(host, port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise FatalError(f"cannot listen on --http-address {settings.http_address}: {why}") from error
    logger.info("Serving", extra={"version": __version__, "http_host": host, "http_port": bound})


def _dispatch(reconcilers: Mapping[str, Reconciler]) -> Callable[[Key], Awaitable[Result]]:
    async def process(key: Key) -> Result:
        logs.about(key)
        result = Result()
        try:
            result = await reconcilers[key.kind].reconcile(key)
        except* NotLeadingError:  # also out of a group of reads
            logger.info("The pass was given up: this process no longer leads")
        return result

    return process


async def _until_stopped(
    stopping: asyncio.Event, watch: WatchThread, tasks: list[asyncio.Task[None]]
) -> None:
    """Returns on a signal; raises FatalError when something ended that must not."""
    signalled = asyncio.create_task(stopping.wait(), name="signal")
    watched = asyncio.create_task(watch.ended(), name="watch")
    try:
        await asyncio.wait({signalled, watched, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            return
        end_process_within(_END_SECONDS, exit_code=1)
        if watched.done():
            raise FatalError(f"the watch of the API server has ended: {_one_line(watched.result())}")
        for task in tasks:
            if task.done():
                if isinstance(error := task.exception(), FatalError):
                    raise error
                raise FatalError(f"{task.get_name()} has ended: {_one_line(task.exception())}")
    finally:
        signalled.cancel()
        watched.cancel()


async def _introduced(parts: Parts, rest: Rest, stopping: asyncio.Event) -> str | None:
    """The owner id, once the API server has shown that it serves our kinds; None when `stopping` is set before that.

    It is waited for in good health: a process that ended for it would be started again later and later, and be missing
    for minutes after the API server is back. Raises FatalError.
    """

    async def ask() -> str:
        await _require_kinds(rest, parts.settings)
        return await owner_id_of(parts)

    try:
        return await until_answered(ask, stopping)
    except Transient:
        return None


async def _require_kinds(rest: Rest, settings: Settings) -> None:
    """kopf looks for the kinds only when it starts: without them, or the right to list them, it would be deaf.

    Raises Transient when the API server is away, and FatalError.
    """
    try:
        await require_kinds(rest, settings.watch_namespaces)
    except Transient:
        raise
    except Outcome as outcome:
        raise FatalError(
            "the objects to serve cannot be listed; are the CRDs installed (`rds-enrollment crds`), and may the "
            f"service account list them? {outcome.message}"
        ) from outcome


def _one_line(error: BaseException | None) -> str:
    if error is None:
        return "without a reason"
    return f"{type(error).__name__}: {error}".partition("\n")[0]
