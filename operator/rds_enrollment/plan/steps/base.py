"""What every step has in common."""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from rds_enrollment.api.reasons import ConditionType, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One external write. Equal inputs give equal steps."""

    independent: ClassVar[bool] = False
    """Whether nothing builds on it: its neighbours for the same condition may go on when it fails, and are made at the
    same time."""

    awaited: ClassVar[bool] = False
    """Whether writes for other conditions, which are made at the same time otherwise, wait until it has ended where
    they come after it in a plan."""

    shows_late: ClassVar[Reason | None] = None
    """Where what it makes may stay unseen for a while after: the reason to wait with."""

    condition: ConditionType
    """The condition that is lowered when this write fails."""
    changed: tuple[str, ...] = field(default=(), compare=False)
    """The fields that differ, in words, where the step changes something that exists."""

    @property
    def name(self) -> str:
        """The step's name in plans, logs and events, e.g. CreateRole."""
        return type(self).__name__

    @property
    def target(self) -> str:
        """What is written, as a person would name it."""
        raise AssertionError(f"{self.name} has no target")

    @property
    def restores(self) -> bool:
        """Whether the step brings about what is wanted: not so of tidying up, and of trying again."""
        return True

    @property
    def words(self) -> str:
        """The step as a sentence without its end, e.g. `Update ECS service x: desiredCount 5 to 2`."""
        verb = re.split("(?<=[a-z])(?=[A-Z])", self.name, maxsplit=1)[0].replace("Tag", "Set")
        differs = f": {', '.join(self.changed)}" if self.changed else ""
        return f"{verb} {self.target}{differs}"
