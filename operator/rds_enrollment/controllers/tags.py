"""The tags of spec.tags over time: the status remembers which of them resources may carry."""

from collections.abc import Iterable, Mapping
from typing import Any

from rds_enrollment.controllers.converge import Converged
from rds_enrollment.plan import ownership
from rds_enrollment.plan.ownership import FormerTags
from rds_enrollment.plan.part import all_done

Tags = Mapping[str, str]


def former_tags(applied: Tags, user: Tags, of_others: Iterable[Tags]) -> FormerTags:
    """What has to go of the `applied` tags.

    `of_others`: the tags of those that share something with the object. What one of them wants, just so, stays there.
    """
    own = ownership.former_tags(applied, user)
    kept = {item for tags in of_others for item in tags.items()}
    return FormerTags(own, dict(own.items() - kept))


def applied_tags(before: Tags, user: Tags, end: Converged[Any]) -> dict[str, str]:
    """What resources may carry after a pass. A tag is forgotten once everything was read back without it."""
    if all_done(end.parts, end.failures.by_condition):
        return dict(user)
    written = (getattr(step, "tags", {}) for step in end.applied)
    return {**before, **{key: value for tags in written for key, value in tags.items() if key in user}}
