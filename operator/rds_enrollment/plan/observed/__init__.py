"""What a pass has seen, as values: filled by the adapters (aws, teleport, kubernetes), read by the planning."""

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from rds_enrollment.plan.outcome import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unseen:
    """The read did not succeed (or was not reached): neither presence nor absence may be concluded.

    `outcome` says why; None means that something it depends on was not seen.
    """

    outcome: Outcome | None = None


Seen: TypeAlias = T | Unseen
