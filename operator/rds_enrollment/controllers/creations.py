"""Things that were made a moment ago and that AWS does not show yet: they are waited for, not made again.

IAM, ECS and EC2 are eventually consistent (IAM User Guide, "Troubleshoot IAM", "Changes that I make are not always
immediately visible"; EC2 API reference, "Eventual consistency"; ECS API reference, RunTask). What is forgotten here
when the process ends costs a refused second creation and no second thing, but for a revision of a task definition that
nothing uses.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rds_enrollment.plan.outcome import Conflict, Waiting
from rds_enrollment.plan.steps import Step

PATIENCE = timedelta(seconds=60)
"""Much longer than AWS takes; then somebody else has deleted it, and it is made again."""
_LOOK_AGAIN_SECONDS = 2.0


@dataclass(slots=True)
class Creations:
    """Those of one object."""

    now: Callable[[], datetime]
    _made: list[tuple[Step, datetime]] = field(default_factory=list)
    """With the time of each. The same step of another content makes another thing."""

    @property
    def all_seen(self) -> bool:
        """Whether nothing is waited for."""
        return not self._made

    def look(self, planned: Iterable[Step]) -> None:
        """After a look at the world: what is not planned any more is there."""
        missing = [step for step in planned if step.shows_late]
        self._made = [(step, when) for step, when in self._made if step in missing]

    def guarding(self, apply: Callable[[Step], Awaitable[None]]) -> Callable[[Step], Awaitable[None]]:
        """`apply`, but for second creations: these raise Waiting."""

        async def guarded(step: Step) -> None:
            if step.shows_late and self._made_lately(step):
                message = f"{step.target} was made moments ago, and AWS does not show it everywhere yet."
                raise Waiting(step.shows_late, message, after=_LOOK_AGAIN_SECONDS)
            try:
                await apply(step)
            except Conflict:  # it exists, although the last look did not see it
                self._note(step)
                raise
            self._note(step)

        return guarded

    def _made_lately(self, step: Step) -> bool:
        return any(made == step and self.now() - when < PATIENCE for made, when in self._made)

    def _note(self, step: Step) -> None:
        if step.shows_late:
            others = [(made, when) for made, when in self._made if made != step]
            self._made = [*others, (step, self.now())]
