"""From settings to reconcilers: the one place that knows every adapter."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from rds_enrollment import controllers
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.session import AwsClients
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.run import Parts
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.reconciler import Reconciler
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Address, Direct


@asynccontextmanager
async def build(parts: Parts) -> AsyncIterator[Mapping[str, Reconciler]]:
    """Open Teleport and AWS, and give one reconciler per kind. Raises FatalError for an unreadable identity."""
    settings = parts.settings
    identity = IdentityFile(settings.teleport_identity, parts.now)
    _require_readable(identity)
    teleport = TeleportClient(Direct(Address.parse(settings.teleport_address), identity))
    try:
        yield controllers.build(
            Adapters(
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
        )
    finally:
        teleport.close()


def _require_readable(identity: IdentityFile) -> None:
    """An expired identity is not refused: Machine ID renews it, and until then every object says so."""
    try:
        identity.load()
    except Outcome as outcome:
        if outcome.reason is Reason.TELEPORT_IDENTITY_UNREADABLE:
            raise FatalError(f"--teleport-identity: {outcome.message}", exit_code=2) from outcome
