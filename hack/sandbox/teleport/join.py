"""Whether an agent may join: the IAM join method (Teleport lib/auth/join_iam.go).

The agent proves with a signed sts:GetCallerIdentity which role it runs with; the token's allow rules say which
accounts and role sessions are welcome.
"""

import re
from dataclasses import dataclass

from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, TokenRule

from hack.sandbox.aws.tasks import RunningTask
from hack.sandbox.teleport.agent_config import AgentConfig
from hack.sandbox.teleport.cluster import Cluster
from hack.sandbox.teleport.validation.token import IAM

DATABASE_ROLE = "Db"
_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?:.+/)?(?P<name>[^/]+)")


class JoinDenied(Exception):  # noqa: N818 - a verdict, not a fault
    """The agent may not join; says why. `told` is what Teleport tells the agent, which is less."""

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told or reason


@dataclass(frozen=True)
class CallerIdentity:
    """What sts:GetCallerIdentity answers to a task."""

    account: str
    arn: str
    """arn:<partition>:sts::<account>:assumed-role/<role name>/<task id>; the role's path is not in it."""


def caller_identity(task: RunningTask) -> CallerIdentity:
    """Raises JoinDenied when the task has no role: it has nothing to sign with."""
    role = _ROLE_ARN.fullmatch(task.task_role_arn)
    if role is None:
        raise JoinDenied(f"task role {task.task_role_arn!r} is not the ARN of a role: no AWS credentials")
    session = task.task_arn.rpartition("/")[2]
    arn = f"arn:{role['partition']}:sts::{role['account']}:assumed-role/{role['name']}/{session}"
    return CallerIdentity(role["account"], arn)


def check_join(config: AgentConfig, task: RunningTask, cluster: Cluster) -> None:
    """Raises JoinDenied."""
    _check_services(config)
    if config.teleport.proxy_server != cluster.proxy_address:
        raise JoinDenied(
            f"proxy_server {config.teleport.proxy_server!r} is not this cluster's proxy {cluster.proxy_address!r}"
        )
    join = config.teleport.join_params
    if join.method != IAM:
        raise JoinDenied(
            f"join method {join.method!r} is not {IAM!r}", "this token does not support the IAM join method"
        )
    token = _token(cluster, join.token_name)
    if DATABASE_ROLE not in token.Spec.Roles:
        raise JoinDenied(f"token {join.token_name!r} does not allow role {DATABASE_ROLE}")
    identity = caller_identity(task)
    if not any(_allows(rule, identity) for rule in token.Spec.Allow):
        raise JoinDenied(
            f"no allow rule of token {join.token_name!r} matches {identity.arn}",
            "instance did not match any allow rules",
        )


def _check_services(config: AgentConfig) -> None:
    others = {
        "auth_service": config.auth_service.enabled,
        "proxy_service": config.proxy_service.enabled,
        "ssh_service": config.ssh_service.enabled,
    }
    for name, enabled in others.items():
        if enabled:
            raise JoinDenied(f"{name} is enabled: the agent would need more than role {DATABASE_ROLE}")
    if not config.database_service.enabled:
        raise JoinDenied("db_service is not enabled")


def _token(cluster: Cluster, name: str) -> ProvisionTokenV2:
    token = cluster.resources.tokens.find(name)
    if token is None:
        raise JoinDenied(f"token {name!r} is not found", "token expired or not found")
    return token


def _allows(rule: TokenRule, identity: CallerIdentity) -> bool:
    if rule.AWSAccount and rule.AWSAccount != identity.account:
        return False
    return not rule.AWSARN or matches_arn(rule.AWSARN, identity.arn)


def matches_arn(pattern: str, arn: str) -> bool:
    """`*` stands for any text, slashes included, `?` for any one character; all else for itself."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, arn) is not None
