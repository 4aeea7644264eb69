"""The ECS cluster, shared by all deployments of one Teleport cluster in one account and region."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.tagging import retagging
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsCluster
from rds_enrollment.plan.part import Part, progressing, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps.ecs import CreateCluster, PutClusterCapacityProviders

_CONDITION = ConditionType.SERVICE_DEPLOYED
FARGATE = "FARGATE"


def cluster_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The cluster's share of ServiceDeployed: ready once it is ACTIVE and may be used."""
    if isinstance(world.cluster, Unseen):
        return unseen(_CONDITION, world.cluster, attempts)
    cluster = world.cluster
    if cluster is None or cluster.status == "INACTIVE":
        return writing(_CONDITION, _creation(wanted))
    foreign = _foreign(wanted, cluster)
    if foreign:
        return foreign
    if cluster.status != "ACTIVE":
        return progressing(_CONDITION, Reason.IN_PROGRESS, f"ECS cluster {cluster.name} is {cluster.status}.")
    ours = ownership.marked(cluster.tags, wanted.owner.shared_mark)
    if ours and FARGATE not in cluster.capacity_providers:
        return writing(_CONDITION, _capacity(wanted))
    tags = ownership.absent_tags(wanted.shared_tags, cluster.tags)
    stale = ownership.stale_tags(wanted.former_tags.shared, cluster.tags)
    tagging = retagging(wanted, _CONDITION, cluster.arn, tags, stale)
    if tagging and (ours or wanted.adoption.takes_shared(cluster.tags)):
        return writing(_CONDITION, *tagging)
    return satisfied(_CONDITION, f"ECS cluster {cluster.name} is ACTIVE.")


def _creation(wanted: WantedDeployment) -> CreateCluster:
    return CreateCluster(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        capacity_providers=(FARGATE,),
        tags=wanted.shared_tags,
    )


def _capacity(wanted: WantedDeployment) -> PutClusterCapacityProviders:
    return PutClusterCapacityProviders(
        condition=_CONDITION,
        region=wanted.region,
        cluster=wanted.cluster_name,
        capacity_providers=(FARGATE,),
        default_provider=FARGATE,
    )


def _foreign(wanted: WantedDeployment, cluster: EcsCluster) -> Part | None:
    """The wizard's rule: all three tags must match, or the cluster is not Teleport's to use."""
    scope = wanted.scope
    if ownership.has_teleport_tags(cluster.tags, scope.cluster.name, scope.integration):
        return None
    other = cluster.tags.get(ownership.TAG_INTEGRATION)
    if other and other != scope.integration:
        return refused(
            _CONDITION,
            Reason.ECS_CLUSTER_OWNED_BY_OTHER_INTEGRATION,
            f"ECS cluster {cluster.arn} belongs to integration {other}: one region of one account serves one "
            f"integration. Refer to that integration, or use another region.",
        )
    tags = ownership.teleport_tags(scope.cluster.name, scope.integration)
    needed = ", ".join(f"{key}={value}" for key, value in tags.items())
    return refused(
        _CONDITION,
        Reason.OWNED_BY_ANOTHER,
        f"ECS cluster {cluster.arn} exists and is not managed by Teleport. Add the tags {needed} to let it be used."
        f"{wanted.adoption.note}",
    )
