"""Puts the controllers together with AWS and Teleport."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.registry import controllers
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.run import Parts
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.reconciler import Reconciler
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Address, Direct


@asynccontextmanager
async def build(parts: Parts) -> AsyncIterator[Mapping[str, Reconciler]]:
    """One reconciler per kind. Raises FatalError when the Teleport identity cannot be read at all."""
    settings = parts.settings
    identity_file = IdentityFile(settings.teleport_identity, parts.now)
    _check(identity_file)
    teleport = TeleportClient(Direct(Address.parse(settings.teleport_address), identity_file))
    adapters = Adapters(
        objects=parts.objects,
        events=parts.events,
        aws=AwsClients(threads=settings.aws_threads),
        threads=parts.threads,
        teleport=teleport,
        owner_id=parts.owner_id,
        edition=settings.teleport_edition,
        poll_seconds=settings.poll_seconds,
        failures=parts.queue.failures,
        now=parts.now,
        rng=parts.rng,
    )
    try:
        yield controllers(adapters)
    finally:
        teleport.close()


def _check(identity_file: IdentityFile) -> None:
    """An unreadable file is a mistake in the set-up; an expired identity is renewed while we run."""
    try:
        identity_file.load()
    except Blocked as blocked:
        if blocked.reason is Reason.TELEPORT_IDENTITY_UNREADABLE:
            raise FatalError(blocked.message, exit_code=2) from blocked
