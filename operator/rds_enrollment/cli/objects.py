"""Reads our objects for a command, with the user's own rights."""

from rds_enrollment import __version__
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.cli.overview import Object
from rds_enrollment.kubernetes import config
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.runtime.fatal import FatalError


async def read_objects(namespace: str | None) -> list[Object]:
    """The objects of all three kinds in a namespace, or (None) in all. Raises FatalError."""
    await config.load()
    rest = Rest(config.load, user_agent=f"rds-enrollment/{__version__}")
    try:
        client = Objects(rest)
        return [
            {**obj, "kind": kind}  # the items of a list name no kind
            for kind in KINDS
            for obj in await client.list(kind, namespace)
        ]
    except Outcome as outcome:
        raise FatalError(outcome.message) from outcome
    finally:
        await rest.close()
