"""Puts the controllers together with AWS and Teleport."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NamedTuple

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.metrics import AwsCallMetrics, watch_clients, watch_credentials
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.brake import TeardownBrake
from rds_enrollment.controllers.drift import DriftReporter
from rds_enrollment.controllers.grants_file import GrantsFile
from rds_enrollment.controllers.registry import reconcilers
from rds_enrollment.parts import Open, Parts
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.host_names import HostNames
from rds_enrollment.runtime.loop_lag import LoopLag
from rds_enrollment.runtime.reconciler import Key, Reconciler
from rds_enrollment.runtime.shared_reads import SharedReads
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.auto import WAYS
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.dialer import Dialer
from rds_enrollment.teleport.features import Features
from rds_enrollment.teleport.follower import Pace
from rds_enrollment.teleport.http_proxy import HttpProxies
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.issuer import Issuer
from rds_enrollment.teleport.logins import Logins
from rds_enrollment.teleport.metrics import CallMetrics, watch_identity, watch_stream
from rds_enrollment.teleport.view import LiveView
from rds_enrollment.teleport.wakes import TeleportWakes
from rds_enrollment.teleport.ways import Network
from rds_enrollment.teleport.webapi import WebApi


class Access(NamedTuple):
    """How Teleport is reached. Nothing is connected yet."""

    identity_file: IdentityFile
    network: Network


def build(parts: Parts) -> Open:
    """One reconciler per kind, once the settings are found to be good. Raises FatalError."""
    return partial(_open_reconcilers, parts, access_of(parts))


def access_of(parts: Parts) -> Access:
    """As the settings say. Raises FatalError when an identity, proxy or CA file of theirs cannot be used at all."""
    identity_file = IdentityFile(parts.settings.teleport_identity, parts.now)
    _check(identity_file)
    return Access(identity_file, _network(parts))


@asynccontextmanager
async def _open_reconcilers(
    parts: Parts, access: Access, owner_id: str
) -> AsyncIterator[Mapping[str, Reconciler]]:
    async with adapters_of(parts, access, owner_id) as adapters:
        preloading = asyncio.create_task(_preload(parts, adapters), name="what first passes need")
        try:
            yield reconcilers(adapters)
        finally:
            preloading.cancel()


async def _preload(parts: Parts, adapters: Adapters) -> None:
    """Beside the start what takes longest, and then, once this process leads, what would hold up its event loop."""
    await parts.threads.run(AwsClients.preload, adapters.aws)
    await parts.leading.wait()
    with suppress(Blocked):  # the CA file cannot be used: passes say so
        await asyncio.to_thread(adapters.issuer.preload)
    for kind in KINDS.values():
        await asyncio.to_thread(kind.model.model_rebuild)


@asynccontextmanager
async def adapters_of(parts: Parts, access: Access, owner_id: str) -> AsyncIterator[Adapters]:
    """What reconcilers and commands talk to. `owner_id` marks what they make."""
    settings, network = parts.settings, access.network
    teleport = _teleport(parts, access)
    view = _view(parts, teleport, owner_id)
    adapters = Adapters(
        objects=parts.objects,
        events=parts.events,
        drift=DriftReporter(parts.events, parts.registry),
        aws=_aws(parts),
        threads=parts.threads,
        inventories=SharedReads(time.monotonic),
        networks=SharedReads(time.monotonic),
        marked_rules=SharedReads(time.monotonic),
        dns=SharedReads(time.monotonic),
        quotas=SharedReads(time.monotonic),
        issuer=Issuer(network),
        host_names=HostNames(settings.host_addresses, time.monotonic),
        read_only=settings.read_only,
        adopts_always=settings.adoption == "Always",
        preflight_blocks=settings.preflight == "Block",
        teleport=view,
        logins=Logins(teleport, network, parts.now),
        grants=GrantsFile(settings.assume_roles),
        owner_id=owner_id,
        edition=settings.teleport_edition,
        fips=settings.fips,
        docs_url=settings.docs_url or "",
        poll_seconds=settings.poll_seconds,
        brake=TeardownBrake(parts.objects, settings.max_deletions_per_hour, parts.now),
        concurrent_writes=settings.concurrent_writes,
        max_rollouts=settings.max_concurrent_rollouts,
        failures=parts.queue.failures,
        now=parts.now,
        rng=parts.rng,
    )
    following = asyncio.create_task(_follow(parts, view), name="teleport events")
    measuring = asyncio.create_task(LoopLag(parts.registry, time.monotonic).run(), name="event loop lag")
    parts.object_metrics.compare_agents_with(lambda: view.known_version)
    watch_stream(parts.registry, lambda: bool(view.live))
    try:
        yield adapters
    finally:
        following.cancel()
        measuring.cancel()
        await asyncio.gather(following, measuring, return_exceptions=True)
        teleport.close()


def _aws(parts: Parts) -> AwsClients:
    clients = AwsClients(
        observe=AwsCallMetrics(parts.registry),
        guard=parts.fence.check,
        calls_per_second=parts.settings.aws_calls_per_second,
        fips=parts.settings.fips,
    )
    watch_clients(parts.registry, clients.count)
    watch_credentials(parts.registry, clients.credentials_end, parts.now)
    return clients


async def _follow(parts: Parts, view: LiveView) -> None:
    await parts.leading.wait()
    await view.run()


def _teleport(parts: Parts, access: Access) -> TeleportClient:
    settings = parts.settings
    identity_file, network = access
    way = WAYS[settings.teleport_connection](Address.parse(settings.teleport_address), identity_file, network)
    watch_identity(parts.registry, identity_file, parts.now)
    parts.readiness["teleport"] = identity_file.problem
    return TeleportClient(
        way,
        features=Features(network.web),
        observe_call=CallMetrics(parts.registry).observe,
        guard=parts.fence.check,
    )


def _network(parts: Parts) -> Network:
    try:
        proxies = HttpProxies.of_environment(os.environ)
    except ValueError as error:
        raise FatalError(f"HTTPS_PROXY: {error}", exit_code=2) from error
    web = WebApi(parts.now, proxies, parts.settings.teleport_ca_file)
    try:
        web.check()
    except Blocked as blocked:
        raise FatalError(blocked.message, exit_code=2) from blocked
    return Network(Dialer(proxies), web)


def _view(parts: Parts, teleport: TeleportClient, owner_id: str) -> LiveView:
    def wake(due: Mapping[Key, float]) -> None:
        for key, seconds in due.items():
            parts.queue.add_after(key, seconds)

    return LiveView(
        teleport,
        wakes=TeleportWakes(owner_id, parts.wakes.deployments_in),
        wake=wake,
        now=parts.now,
        rng=parts.rng,
        pace=Pace(poll=parts.settings.poll_seconds),
    )


def _check(identity_file: IdentityFile) -> None:
    """An unreadable file is a mistake in the set-up; an expired identity is renewed while we run."""
    try:
        identity_file.load()
    except Blocked as blocked:
        if blocked.reason is Reason.TELEPORT_IDENTITY_UNREADABLE:
            raise FatalError(blocked.message, exit_code=2) from blocked
