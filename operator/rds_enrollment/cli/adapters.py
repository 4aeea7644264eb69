"""What commands reach AWS, Teleport and the cluster with: the caller's own credentials, next to the leader."""

import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rds_enrollment.controllers.adapters import Adapters
    from rds_enrollment.kubernetes.client import Objects


@asynccontextmanager
async def open_adapters(settings: Settings, manifests: "Objects | None" = None) -> "AsyncIterator[Adapters]":
    """What a controller works with, for a command that holds no Lease: it reconciles nothing.

    `manifests` stand for the objects of a cluster, which is not asked then. Foreseen outcomes of what is done with
    the adapters end as FatalError.
    """
    from rds_enrollment.parts import open_parts, owner_id_of
    from rds_enrollment.plan.outcome import Outcome
    from rds_enrollment.wiring import access_of, adapters_of

    async with open_parts(settings, manifests) as (parts, _):
        access = access_of(parts)
        parts.fence.open_until(math.inf)
        try:
            async with adapters_of(parts, access, await owner_id_of(parts)) as adapters:
                yield adapters
        except Outcome as outcome:
            raise FatalError(outcome.message) from outcome
