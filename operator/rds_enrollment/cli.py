"""The command `rds-enrollment`, and `kubectl rds-enrollment`. Imports are late: `--help` needs none of the rest."""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from rds_enrollment import __version__
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.flags import settings_flags
from rds_enrollment.runtime.settings import load


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def group() -> None:
    """Enrols Amazon RDS databases in Teleport and runs the agents that serve them."""


@group.command()
@settings_flags
def run(**flags: Any) -> None:
    """Run the operator.

    Every flag has an environment variable of the same meaning; the flag wins. AWS is configured by boto3's own
    variables, Kubernetes by KUBECONFIG or the pod's service account.
    """
    settings = load(flags)
    import asyncio

    from rds_enrollment import run as process
    from rds_enrollment.runtime import logging as logs
    from rds_enrollment.wiring import build

    logs.configure(settings.log_level, settings.log_format)
    asyncio.run(process.run(settings, build))


@group.command()
def crds() -> None:
    """Print the CustomResourceDefinitions, for `kubectl apply -f -`."""
    import yaml

    from rds_enrollment.api.crds import manifests

    click.echo(yaml.safe_dump_all(manifests(), sort_keys=False), nl=False)


@group.command()
def version() -> None:
    """Print the version."""
    click.echo(__version__)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point. A foreseen error is one line on stderr: exit code 2 for wrong settings, 1 for the rest."""
    program = "rds-enrollment"
    try:
        code = group.main(args=arguments, prog_name=program, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _fail(program, error.format_message(), error.exit_code)
    except FatalError as error:
        _fail(program, str(error), error.exit_code)
    except click.Abort:
        _fail(program, "interrupted", 1)
    sys.exit(code or 0)


def _fail(program: str, message: str, code: int) -> NoReturn:
    click.echo(f"{program}: {' '.join(message.split())}", err=True)
    sys.exit(code)
