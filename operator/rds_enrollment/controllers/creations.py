"""Things that were made a moment ago and that AWS does not show yet: they are waited for, not made again.

IAM is eventually consistent (IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always immediately
visible"). What is forgotten here when the process ends costs a refused second creation, and no second thing.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Conflict, Waiting
from rds_enrollment.plan.steps import Step

PATIENCE = timedelta(seconds=60)
"""Much longer than IAM takes; then somebody else has deleted it, and it is made again."""
_LOOK_AGAIN_SECONDS = 2.0


@dataclass(slots=True)
class Creations:
    """Those of one object."""

    now: Callable[[], datetime]
    _made: dict[str, datetime] = field(default_factory=dict)
    """When, by what was made."""

    @property
    def all_seen(self) -> bool:
        return not self._made

    def look(self, planned: Iterable[Step]) -> None:
        """After a look at the world: what is not planned any more is there."""
        missing = {step.target for step in planned if step.shows_late}
        self._made = {target: when for target, when in self._made.items() if target in missing}

    def guarding(self, apply: Callable[[Step], Awaitable[None]]) -> Callable[[Step], Awaitable[None]]:
        """`apply`, but for second creations: these raise Waiting."""

        async def guarded(step: Step) -> None:
            made = self._made.get(step.target) if step.shows_late else None
            if made is not None and self.now() - made < PATIENCE:
                message = f"{step.target} was made moments ago, and IAM does not show it everywhere yet."
                raise Waiting(Reason.IAM_PROPAGATING, message, after=_LOOK_AGAIN_SECONDS)
            try:
                await apply(step)
            except Conflict:  # it exists, although the last look did not see it
                self._note(step)
                raise
            self._note(step)

        return guarded

    def _note(self, step: Step) -> None:
        if step.shows_late:
            self._made[step.target] = self.now()
