"""One row of the table of AWS's failures: what it is about, and how it ends a pass."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Outcome, Waiting


@dataclass(frozen=True, slots=True)
class Row:
    """How one kind of failure ends. Every non-empty selector must match."""

    outcome: type[Outcome]
    reason: Reason
    advice: str
    """The next action; may name {action} and {target}: what AWS says is not allowed, else what was called."""
    codes: frozenset[str] = frozenset()
    """Error codes that AWS answered. Exclusive with `exceptions`."""
    exceptions: tuple[type[Exception], ...] = ()
    """botocore's own exceptions, when there is no answer."""
    operations: tuple[str, ...] = ("*",)
    """Patterns of `service:Operation`."""
    texts: tuple[str, ...] = ()
    """Lower-case fragments, one of which the message contains."""
    after: float = 0.0
    """Seconds until the next look; Waiting only."""

    def build(self, message: str) -> Outcome:
        """The outcome with this row's reason."""
        if issubclass(self.outcome, Waiting):
            return self.outcome(self.reason, message, after=self.after)
        return self.outcome(self.reason, message)

    def matches_answer(self, operation: str, code: str, text: str) -> bool:
        """Whether this row is about the error `code` with the message `text`."""
        return (
            code in self.codes
            and any(fnmatchcase(operation, pattern) for pattern in self.operations)
            and self._matches_text(text)
        )

    def matches_exception(self, error: Exception) -> bool:
        """Whether this row is about a call that ended without an answer."""
        return isinstance(error, self.exceptions) and self._matches_text(str(error))

    def _matches_text(self, text: str) -> bool:
        return not self.texts or any(fragment in text.lower() for fragment in self.texts)
