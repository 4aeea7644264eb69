"""What a disturbance may cost at most."""

EXTRA_WRITES = 2
"""Writes that the reference does not have, such as the one that was struck and its repetition."""
_STEPS = 10
"""Five steps, each with a status and an Event."""


def most_reports(reference: int) -> int:
    """Of a run that was disturbed, by those of the reference: two operators may each say as much as one left alone, and
    a look may meet a step of a rollout that the reference's looks missed: tasks that start, run, connect, drain."""
    return 2 * reference + _STEPS
