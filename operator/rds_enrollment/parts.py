"""What the process is made of besides AWS and Teleport, opened at its start and closed at its end."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from prometheus_client import CollectorRegistry

from rds_enrollment import __version__
from rds_enrollment.kubernetes import config
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.election import Election, request_seconds
from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.kubernetes.lease import Leases
from rds_enrollment.kubernetes.object_metrics import ObjectMetrics
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.kubernetes.wakes import Wakes
from rds_enrollment.plan.outcome import Outcome, Transient
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Fence, seconds_since_boot
from rds_enrollment.runtime.http import Probe
from rds_enrollment.runtime.metrics import QueueMetrics, new_registry
from rds_enrollment.runtime.queue import WorkQueue
from rds_enrollment.runtime.reconciler import Key, Reconciler
from rds_enrollment.runtime.settings import Settings
from rds_enrollment.runtime.threads import ThreadPool

_USER_AGENT = f"rds-enrollment-operator/{__version__}"


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
    object_metrics: ObjectMetrics
    readiness: dict[str, Probe]
    """Probes of /readyz by name; the reconcilers' builder adds its own."""
    fence: Fence
    """To be asked before each write."""
    leading: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this process holds the Lease. AWS and Teleport are not asked for anything before."""
    now: Callable[[], datetime]
    rng: random.Random


Open = Callable[[str], AbstractAsyncContextManager[Mapping[str, Reconciler]]]
"""Opens what the reconcilers of an owner id need (Teleport, AWS), and gives one reconciler per kind; closes it at the
end."""
Build = Callable[[Parts], Open]
"""Raises FatalError for a mistake in the settings, before anything is opened."""


@asynccontextmanager
async def open_parts(
    settings: Settings, manifests: Objects | None = None
) -> AsyncIterator[tuple[Parts, Rest]]:
    """The parts, and the connection to the API server that they share, which is not asked for anything. `manifests`:
    objects that stand for those of an API server. Raises FatalError."""
    if manifests is None:
        await config.load()  # a faulty one is reported before anything else begins
    registry = new_registry(__version__)
    rng = random.Random()  # noqa: S311 - jitter, not secrets
    fence = Fence(seconds_since_boot)
    rest = Rest(config.load, user_agent=_USER_AGENT, guard=fence.check)
    threads = ThreadPool(settings.aws_threads)
    wakes = Wakes()
    objects = manifests or Objects(rest, namespaces=settings.watch_namespaces)
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
                    lane=wakes.integration_of,
                ),
                wakes=wakes,
                registry=registry,
                object_metrics=ObjectMetrics(registry, per_object=settings.object_metrics, wall=time.time),
                readiness={},
                fence=fence,
                now=_now,
                rng=rng,
            ),
            rest,
        )
    finally:
        threads.close()
        await rest.close()


@asynccontextmanager
async def open_election(parts: Parts) -> AsyncIterator[Election]:
    """This process as a candidate, over a connection of its own: renewals wait for nothing else, and no fence."""
    settings = parts.settings
    rest = Rest(config.load, user_agent=_USER_AGENT, timeout=request_seconds(settings.lease_seconds))
    namespace = settings.lease_namespace or config.own_namespace() or "default"
    try:
        yield Election(
            Leases(rest, namespace=namespace, name=settings.lease_name),
            parts.fence,
            identity=settings.lease_identity or f"{socket.gethostname()}_{uuid4().hex[:8]}",
            duration=settings.lease_seconds,
            clock=seconds_since_boot,
            now=parts.now,
            rng=parts.rng,
            registry=parts.registry,
        )
    finally:
        await rest.close()


async def owner_id_of(parts: Parts) -> str:
    """What marks all that this operator makes: --owner-id, or the cluster's UID.

    Raises Transient when the API server is away, and FatalError.
    """
    try:
        return parts.settings.owner_id or await parts.objects.cluster_uid()
    except Transient:
        raise
    except Outcome as refusal:
        raise FatalError(f"cannot read the default --owner-id: {refusal.message}") from refusal


def _now() -> datetime:
    return datetime.now(UTC)
