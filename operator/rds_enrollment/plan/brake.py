"""The brake on deletions: how many teardowns may begin within an hour.

A pruned Git repository or a deleted namespace takes many objects with it at once, and each of them what it made:
whoever did not mean that has time to notice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.conditions import of_outcome
from rds_enrollment.plan.outcome import Waiting
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.text import counted

PERIOD = timedelta(hours=1)


def next_turn(begun: Iterable[datetime], limit: int, now: datetime) -> datetime | None:
    """When another teardown may begin, given when the others did; None: now. `limit` is at least 1."""
    recent = sorted(moment for moment in begun if moment > now - PERIOD)
    return None if len(recent) < limit else recent[-limit] + PERIOD


def held_back(part: Part, turn: datetime, limit: int, now: datetime) -> Part:
    """A part of a teardown whose steps have to wait until `turn`."""
    message = (
        f"{counted(limit, 'object')} within an hour have begun to be torn down, as many as --max-deletions-per-hour "
        f"allows: nothing of this one is removed before {turn:%H:%M:%S} UTC. Raise the setting if all of this is meant."
    )
    waiting = Waiting(Reason.DELETION_QUEUED, message, after=(turn - now).total_seconds())
    return Part(part.condition, of_outcome(waiting, 1), outcome=waiting)
