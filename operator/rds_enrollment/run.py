"""`rds-enrollment run`: puts the parts together, and takes them apart within ten seconds."""

import asyncio
import logging
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from rds_enrollment import __version__, handlers
from rds_enrollment.kubernetes import config
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.kubernetes.wakes import Wakes
from rds_enrollment.kubernetes.watch import WatchCheck, WatchMonitor, version_of
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.runtime import logging as logs
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.deadline import end_process_within
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.http import HttpServer, Probe
from rds_enrollment.runtime.metrics import QueueMetrics, new_registry
from rds_enrollment.runtime.queue import WorkQueue
from rds_enrollment.runtime.reconciler import Key, Reconciler, Result
from rds_enrollment.runtime.settings import Settings, parse_address
from rds_enrollment.runtime.threads import ThreadPool
from rds_enrollment.runtime.watcher import WatchThread

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 7.0
_END_SECONDS = 8.5
_WATCH_END_SECONDS = 1.5
_PASS_LIMIT_SECONDS = 600.0
_WAIT_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the reconcilers are built from, besides AWS and Teleport."""

    settings: Settings
    objects: Objects
    events: Recorder
    threads: ThreadPool
    queue: WorkQueue[Key]
    wakes: Wakes
    registry: CollectorRegistry
    readiness: dict[str, Probe]
    """Probes of /readyz by name; the reconcilers' builder adds its own."""
    owner_id: str
    now: Callable[[], datetime]
    rng: random.Random


Build = Callable[[Parts], AbstractAsyncContextManager[Mapping[str, Reconciler]]]
"""Opens what the reconcilers need (Teleport, AWS) and gives one reconciler per kind; closes it at the end."""


async def run(settings: Settings, build: Build) -> None:
    """Serve until SIGTERM or SIGINT. Raises FatalError when the operator cannot start or the watch has ended."""
    stopping = _on_signal()
    async with _parts(settings) as (parts, rest), build(parts) as reconcilers:
        await _serve(parts, rest, reconcilers, stopping)


def _on_signal() -> asyncio.Event:
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            end_process_within(_END_SECONDS, exit_code=0)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopping


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[tuple[Parts, Rest]]:
    await config.load()  # a faulty one is reported before anything else begins
    registry = new_registry()
    rng = random.Random()  # noqa: S311 - jitter, not secrets
    rest = Rest(config.load, user_agent=f"rds-enrollment-operator/{__version__}")
    threads = ThreadPool(settings.aws_threads)
    objects = Objects(rest, namespaces=settings.watch_namespaces)
    try:
        yield (
            Parts(
                settings=settings,
                objects=objects,
                events=Recorder(rest, instance=socket.gethostname(), clock=_now, registry=registry),
                threads=threads,
                queue=WorkQueue(
                    clock=time.monotonic,
                    backoff=Backoff(rng),
                    metrics=QueueMetrics(registry, "objects"),
                    controller=lambda key: key.kind.lower(),
                ),
                wakes=Wakes(),
                registry=registry,
                readiness={},
                owner_id=settings.owner_id or await _cluster_uid(objects),
                now=_now,
                rng=rng,
            ),
            rest,
        )
    finally:
        threads.close()
        await rest.close()


async def _serve(
    parts: Parts, rest: Rest, reconcilers: Mapping[str, Reconciler], stopping: asyncio.Event
) -> None:
    settings, queue = parts.settings, parts.queue
    monitor = WatchMonitor(
        grace=settings.watch_grace_seconds, clock=time.monotonic, wall=time.time, registry=parts.registry
    )
    check = WatchCheck(rest, monitor, namespaces=settings.watch_namespaces, missed=queue.add)
    watch = _watch(settings, queue, parts.wakes, monitor)
    http = HttpServer(
        registry=parts.registry,
        health={
            "watch": monitor.stuck,
            "queue": lambda: queue.stuck(pass_limit=_PASS_LIMIT_SECONDS, wait_limit=_WAIT_LIMIT_SECONDS),
        },
        readiness={
            "kubernetes": check.failure,
            "process": lambda: "stopping" if stopping.is_set() else None,
            **parts.readiness,
        },
    )
    await _require_kinds(check)
    await _listen(http, settings)
    working = asyncio.create_task(queue.run(settings.workers, _dispatch(reconcilers)), name="queue")
    checking = asyncio.create_task(check.run(settings.watch_check_seconds), name="watch check")
    watch.start()
    try:
        await _until_stopped(stopping, watch, [working, checking])
    finally:
        stopping.set()
        checking.cancel()
        drained, ended = await asyncio.gather(queue.shutdown(_DRAIN_SECONDS), watch.stop(_WATCH_END_SECONDS))
        logger.info("Stopped", extra={"passes_ended": drained, "watch_ended": ended})
        await asyncio.gather(working, checking, return_exceptions=True)
        await http.stop()


def _watch(settings: Settings, queue: WorkQueue[Key], wakes: Wakes, monitor: WatchMonitor) -> WatchThread:
    loop = asyncio.get_running_loop()

    def deliver(kind: str, obj: Mapping[str, Any], deleted: bool) -> None:
        monitor.delivered(version_of(kind, obj["metadata"]), deleted=deleted)
        for key in wakes.keys(kind, obj, deleted=deleted):
            loop.call_soon_threadsafe(queue.add, key)

    return WatchThread(
        handlers.build_registry(config.load, deliver),
        handlers.build_settings(),
        namespaces=settings.watch_namespaces,
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
        return await reconcilers[key.kind].reconcile(key)

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
                raise FatalError(f"{task.get_name()} has ended: {_one_line(task.exception())}")
    finally:
        signalled.cancel()
        watched.cancel()


async def _cluster_uid(objects: Objects) -> str:
    try:
        return await objects.cluster_uid()
    except Outcome as outcome:
        raise FatalError(f"cannot read the default --owner-id: {outcome.message}") from outcome


async def _require_kinds(check: WatchCheck) -> None:
    """kopf looks for the kinds only when it starts: without them, or the right to list them, it would be deaf."""
    try:
        await check.compare()
    except Outcome as outcome:
        raise FatalError(
            "the objects to serve cannot be listed; are the CRDs installed (`rds-enrollment crds`), and may the "
            f"service account list them? {outcome.message}"
        ) from outcome


def _now() -> datetime:
    return datetime.now(UTC)


def _one_line(error: BaseException | None) -> str:
    if error is None:
        return "without a reason"
    return f"{type(error).__name__}: {error}".partition("\n")[0]
