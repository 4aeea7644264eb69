"""What every step has in common."""

from dataclasses import dataclass
from typing import ClassVar

from rds_enrollment.api.reasons import ConditionType


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One external write. Equal inputs give equal steps."""

    independent: ClassVar[bool] = False
    """Whether the steps after it may go on when it fails: each concerns another object."""

    condition: ConditionType
    """The condition that is lowered when this write fails."""

    @property
    def name(self) -> str:
        """The step's name in plans, logs and events, e.g. CreateRole."""
        return type(self).__name__

    @property
    def target(self) -> str:
        """What is written, as a person would name it."""
        raise AssertionError(f"{self.name} has no target")
