"""What a disturbance may cost at most."""

EXTRA_WRITES = 2
"""Writes that the reference does not have, such as the one that was struck and its repetition."""
REPORTS = 2
"""Times the reports of the reference: a crashed run has two operators, and each may say as much as one left alone."""
