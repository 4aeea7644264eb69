"""AWS STS: whose the credentials are."""

from typing import TYPE_CHECKING

from rds_enrollment.aws.errors import translated
from rds_enrollment.plan.observed.aws import CallerIdentity

if TYPE_CHECKING:
    from rds_enrollment.aws.session import AwsAccount


def get_caller_identity(account: "AwsAccount", whose: str) -> CallerIdentity:
    """sts:GetCallerIdentity, which needs no permission. `AwsAccount.identity` asks only when needed.

    `whose` names the credentials in messages. Raises Outcome.
    """
    with translated("sts:GetCallerIdentity", whose):
        answer = account.client("sts").get_caller_identity()
    return CallerIdentity(account=answer["Account"], arn=answer["Arn"])
