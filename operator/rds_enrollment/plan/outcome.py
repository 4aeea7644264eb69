"""The error taxonomy: how a pass may end short of success, and who has to act.

Adapters raise these; nothing above them sees a botocore, gRPC or HTTP exception.
"""

from rds_enrollment.api.reasons import Reason


class Outcome(Exception):
    """Base of all foreseen outcomes. `reason` is the condition's reason, `message` names ids and the next action."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason}: {self.message})"


class Terminal(Outcome):
    """The spec must change: no retry before its generation changes or the resync period is over."""


class Blocked(Outcome):
    """The world must change (a permission, a route, a quota, another owner): retried slowly."""


class Transient(Outcome):
    """Likely to pass by itself (throttling, 5xx, time-out, unreachable): retried with back-off."""


class Conflict(Outcome):
    """Something else wrote in between: read again at once."""


class Waiting(Outcome):
    """Not an error: in progress elsewhere. Look again after `after` seconds."""

    def __init__(self, reason: Reason, message: str, *, after: float) -> None:
        super().__init__(reason, message)
        self.after = after


class Scheduled(Waiting):
    """Something begins at a known time, `after` seconds from now; until then all else goes its way."""
