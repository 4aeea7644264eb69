"""The command `rds-enrollment`, and `kubectl rds-enrollment`: one file per command, loaded when it is used."""

from rds_enrollment.cli.entry import main

__all__ = ["main"]
