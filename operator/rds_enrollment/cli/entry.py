"""The entry point: finds the command, and turns what it raises into one line and an exit code."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from rds_enrollment.cli.commands import LateCommands
from rds_enrollment.plan.text import one_line
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.garbage import look_rarely

_PROGRAM = "rds-enrollment"


@click.group(
    cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
def group() -> None:
    """Enrols Amazon RDS databases in Teleport and runs the agents that serve them."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point. A foreseen error is one line on stderr: exit code 2 for wrong settings, 1 for the rest."""
    look_rarely()
    try:
        code = group.main(args=arguments, prog_name=_PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except FatalError as error:
        _fail(str(error), error.exit_code)
    except click.Abort:
        _fail("interrupted", 1)
    sys.exit(code or 0)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"{_PROGRAM}: {one_line(message)}", err=True)
    sys.exit(code)
