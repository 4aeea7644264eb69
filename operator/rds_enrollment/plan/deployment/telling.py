"""A cause as the message of a condition: what happened, what to do, where to look. Each piece keeps to its share, so
that the end, where the links are, is never cut off."""

from rds_enrollment.api.base import clip
from rds_enrollment.api.conditions import MESSAGE_BYTES
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.choice import network, vpc_of
from rds_enrollment.plan.deployment.preflight import has_all, subnet_verdicts
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.advice import ADVICE
from rds_enrollment.plan.diagnosis.pages import more
from rds_enrollment.plan.observed.aws import Task
from rds_enrollment.plan.observed.network import Vpc

WORDS_BYTES = 270
LOG_BYTES = 200
_PREFLIGHT_BYTES = 190

_OF_THE_NETWORK = frozenset(
    {
        Reason.IMAGE_REGISTRY_UNREACHABLE,
        Reason.IMAGE_PULL_FAILED,
        Reason.LOGS_UNREACHABLE,
        Reason.PULL_SECRET_UNAVAILABLE,
        Reason.TASK_INITIALIZATION_FAILED,
        Reason.NO_FREE_ADDRESSES,
        Reason.TELEPORT_PROXY_UNREACHABLE,
        Reason.STS_UNREACHABLE,
        Reason.TASKS_STARTING,
    }
)
"""Causes that a finding of the preflight may explain."""


def explained(wanted: WantedDeployment, world: DeploymentWorld, reason: Reason) -> str:
    """What the preflight found, where it explains the cause; empty where it does not."""
    picked, vpc = network(wanted, world), vpc_of(world)
    if (
        reason not in _OF_THE_NETWORK
        or picked is None
        or not isinstance(vpc, Vpc)
        or not has_all(vpc, picked)
    ):
        return ""
    verdicts = subnet_verdicts(wanted, world, picked, vpc)
    found = next((item.finding for item in verdicts if item.finding.failed), None)
    return "" if found is None else clip(f"The preflight: {found.message}", _PREFLIGHT_BYTES)


def task_link(wanted: WantedDeployment, task: Task) -> str:
    """The task in the AWS console, with its log."""
    return names.task_console_url(
        wanted.scope.partition, wanted.region, wanted.cluster_name, names.task_id(task.arn)
    )


def told(wanted: WantedDeployment, happened: str, reason: Reason, *further: str, link: str = "") -> str:
    """The message of a condition that a cause lowers. Empty pieces are left out; what happened gives way first."""
    end = more(reason, wanted.scope.docs_url)
    rest = " ".join(filter(None, (ADVICE.get(reason, ""), *further, link, end)))
    return f"{clip(happened, MESSAGE_BYTES - len(rest.encode()) - 1)} {rest}"
