"""The agents' version: the cluster's, never a newer one, and never a lower major without somebody's word."""

from dataclasses import dataclass
from datetime import datetime

from rds_enrollment.api.common import ANNOTATION_CONFIRM_DOWNGRADE, GROUP, OWNER_MARK
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.agents import running_tasks
from rds_enrollment.plan.deployment.turn import goes_after
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.maintenance import is_open, next_opening
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import EcsService, TaskDefinition
from rds_enrollment.plan.observed.kubernetes import Claim
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.plan.task_definition import image_of
from rds_enrollment.plan.versions import newer, order, same_major

CHOSEN_BY_TELEPORT = {f"{GROUP}/version-chosen-by": "teleport"}
"""Tag of a revision of ours that keeps the version that Teleport's updater chose: without it another change of ours
would make us forget who chose, and take the version to the cluster's."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """The version that agents should have now. Another reason than Succeeded says why it is not the cluster's."""

    version: str
    reason: Reason = Reason.SUCCEEDED
    message: str = ""
    changes_at: datetime | None = None
    """When it may become the cluster's, where that is known."""


def agent_version(wanted: WantedDeployment, world: DeploymentWorld) -> AgentVersion:
    """From the spec, the cluster, and what serves already."""
    if wanted.pinned_version is not None:
        return AgentVersion(wanted.pinned_version)
    cluster = wanted.scope.cluster
    target = target_version(cluster)
    serving = _serving_version(wanted, world)
    if serving is None or serving == target:
        return AgentVersion(target)
    if newer(serving, cluster.version):
        return _newer_than_cluster(wanted, serving, target)
    if updated_by_teleport(wanted, world) and (not cluster.agent_version or newer(serving, target)):
        return AgentVersion(serving, Reason.UPDATED_BY_TELEPORT, f"Teleport updated its agents to {serving}.")
    kept = _kept_until_window(wanted, world, serving, target)
    if kept is not None:
        return kept
    if isinstance(world.neighbours, Unseen) and world.neighbours.outcome is not None:
        return AgentVersion(
            serving, Reason.ROLLOUT_QUEUED, f"Version {target} waits: {world.neighbours.outcome.message}"
        )
    first = goes_after(wanted, world, target)
    if first:
        return AgentVersion(serving, Reason.ROLLOUT_QUEUED, _queued(wanted, target, first))
    return AgentVersion(target)


def wants_another_version(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether the agents are not at the version that they would follow."""
    serving = _serving_version(wanted, world)
    return wanted.pinned_version is None and serving not in (None, target_version(wanted.scope.cluster))


def target_version(cluster: TeleportCluster) -> str:
    """What the cluster's automatic updates give to agents, where they tell it, but nothing above the cluster."""
    told = cluster.agent_version
    if order(told) is None or newer(told, cluster.version):
        return cluster.version
    return told


def updated_by_teleport(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether Teleport's own updater chose the version that our service runs: the revisions that it registers carry
    its three tags alone (Teleport lib/integrations/awsoidc/deployservice_update.go)."""
    serving = _serving(wanted, world)
    if serving is None:
        return False
    if OWNER_MARK in serving.tags:
        return CHOSEN_BY_TELEPORT.items() <= serving.tags.items()
    scope = wanted.scope
    return ownership.has_teleport_tags(serving.tags, scope.cluster.name, scope.integration)


def tags_of_revision(wanted: WantedDeployment, world: DeploymentWorld) -> dict[str, str]:
    """Tags of a revision that we register now."""
    keeps = agent_version(wanted, world).reason is Reason.UPDATED_BY_TELEPORT
    return {**wanted.tags, **(CHOSEN_BY_TELEPORT if keeps else {})}


def unread_window(wanted: WantedDeployment) -> str:
    """Why the cluster's maintenance window is not waited for although there may be one; empty when it was read."""
    window = wanted.scope.cluster.window
    if wanted.pinned_version is not None or not isinstance(window, Unseen):
        return ""
    return (
        f"The cluster's maintenance window is not waited for: {window.outcome.message}"
        if window.outcome
        else ""
    )


def _kept_until_window(
    wanted: WantedDeployment, world: DeploymentWorld, serving: str, target: str
) -> AgentVersion | None:
    """The version in service, while the cluster's maintenance window is closed and agents run that it protects.

    A rollout of this version that went back begins nothing: what became of it is told in the window, and after it.
    """
    window = wanted.scope.cluster.window
    if isinstance(window, Unseen):
        if window.outcome is None or isinstance(window.outcome, Blocked):
            return None
        return AgentVersion(
            serving, Reason.ROLLOUT_QUEUED, f"Version {target} waits: {window.outcome.message}"
        )
    tried = wanted.rollout_failed and _version_of(world.newest) == target
    idle = not isinstance(world.tasks, Unseen) and not running_tasks(world)
    if window is None or tried or idle or is_open(window, world.observed_at):
        return None
    opening = next_opening(window, world.observed_at)
    message = (
        f"Version {target} of its agents waits for the cluster's maintenance window, which opens at "
        f"{opening:%Y-%m-%d %H:%M} UTC (Teleport's cluster_maintenance_config)."
    )
    return AgentVersion(serving, Reason.OUTSIDE_MAINTENANCE_WINDOW, message, changes_at=opening)


def _newer_than_cluster(wanted: WantedDeployment, serving: str, target: str) -> AgentVersion:
    cluster = wanted.scope.cluster.version
    if same_major(serving, cluster):
        message = (
            f"Its agents stay at {serving}: the cluster went back to {cluster} within the major version."
        )
        return AgentVersion(serving, Reason.AGENT_NEWER_THAN_CLUSTER, message)
    if wanted.confirmed_downgrade == target:
        return AgentVersion(target)
    message = (
        f"The agents run {serving} and the cluster is at {cluster}, a lower major version. To take the agents back, "
        f"too, annotate this object with {ANNOTATION_CONFIRM_DOWNGRADE}={target}."
    )
    return AgentVersion(serving, Reason.DOWNGRADE_NOT_CONFIRMED, message)


def _queued(wanted: WantedDeployment, target: str, first: tuple[Claim, ...]) -> str:
    names = ", ".join(f"{claim.namespace}/{claim.name}" for claim in first[:_SHOWN])
    more = f" and {len(first) - _SHOWN} more" if len(first) > _SHOWN else ""
    return (
        f"Version {target} of its agents waits for {names}{more}: {wanted.max_rollouts} at a time change the version "
        f"(--max-concurrent-rollouts)."
    )


def _serving_version(wanted: WantedDeployment, world: DeploymentWorld) -> str | None:
    return _version_of(_serving(wanted, world))


def _version_of(revision: Seen[TaskDefinition | None]) -> str | None:
    """The version of a revision's agents; None where none was seen, or its image is of no version."""
    if not isinstance(revision, TaskDefinition):
        return None
    version = image_of(revision.body).rpartition(":")[2]
    return version if order(version) else None


def _serving(wanted: WantedDeployment, world: DeploymentWorld) -> TaskDefinition | None:
    """The revision that a service of ours runs."""
    service = world.service
    if not isinstance(service, EcsService) or service.status != "ACTIVE":
        return None
    if not ownership.marked(service.tags, wanted.owner.mark):
        return None
    return world.serving if isinstance(world.serving, TaskDefinition) else None
