"""Listings that come in pages."""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Transient


def not_ending(kind: str, key: str) -> Transient:
    """The outcome of a page that names itself as the next one: a server that does so would be asked for ever."""
    return Transient(Reason.TELEPORT_FAILED, f"Teleport's pages of {kind} do not end (at {key!r})")
