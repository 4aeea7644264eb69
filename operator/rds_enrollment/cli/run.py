"""`rds-enrollment run`. Imports are late: `--help` needs none of the libraries that the operator needs."""

from typing import Any

import click

from rds_enrollment.runtime.flags import settings_flags
from rds_enrollment.runtime.settings import load


@click.command("run")
@settings_flags
def command(**flags: Any) -> None:
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
