"""In which AWS account a command acts: the flags for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rds_enrollment.aws.session import AwsAccount
    from rds_enrollment.controllers.adapters import Adapters

F = TypeVar("F", bound=Callable[..., Any])


def account_flags(command: F) -> F:
    """Give a command the flags `--role-arn` and `--external-id`."""
    external = click.option("--external-id", help="External id that this role asks for.")
    role = click.option(
        "--role-arn", help="IAM role to assume, of another account (default: the credentials as they are)."
    )
    return role(external(command))


def account_of(adapters: "Adapters", role_arn: str | None, external_id: str | None) -> "AwsAccount":
    """The account that the flags name."""
    from rds_enrollment.aws.assumed_role import AssumedRole

    if role_arn is None:
        return adapters.aws.own()
    return adapters.aws.assumed(AssumedRole(role_arn, external_id or ""))
