"""Puts the controllers together with AWS and Teleport."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.registry import controllers
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.run import Parts
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.reconciler import Key, Reconciler
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.follower import Pace
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.view import LiveView
from rds_enrollment.teleport.wakes import TeleportWakes
from rds_enrollment.teleport.ways import Direct


@asynccontextmanager
async def build(parts: Parts) -> AsyncIterator[Mapping[str, Reconciler]]:
    """One reconciler per kind. Raises FatalError when the Teleport identity cannot be read at all."""
    settings = parts.settings
    identity_file = IdentityFile(settings.teleport_identity, parts.now)
    _check(identity_file)
    teleport = TeleportClient(Direct(Address.parse(settings.teleport_address), identity_file))
    view = _view(parts, teleport)
    adapters = Adapters(
        objects=parts.objects,
        events=parts.events,
        aws=AwsClients(threads=settings.aws_threads),
        threads=parts.threads,
        teleport=view,
        owner_id=parts.owner_id,
        edition=settings.teleport_edition,
        poll_seconds=settings.poll_seconds,
        failures=parts.queue.failures,
        now=parts.now,
        rng=parts.rng,
    )
    following = asyncio.create_task(view.run(), name="teleport events")
    try:
        yield controllers(adapters)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        teleport.close()


def _view(parts: Parts, teleport: TeleportClient) -> LiveView:
    def wake(keys: set[Key]) -> None:
        for key in keys:
            parts.queue.add(key)

    return LiveView(
        teleport,
        wakes=TeleportWakes(parts.owner_id, parts.wakes.deployments_in),
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
