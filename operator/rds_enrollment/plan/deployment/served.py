"""The databases that the agents of a deployment serve."""

from rds_enrollment.plan.agent_config import matcher_labels, matches
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import Database


def served_databases(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Database, ...]:
    """The db objects that the agents match, by name."""
    if isinstance(world.databases, Unseen):
        return ()
    fixed = matcher_labels(wanted.scope.account, wanted.region, wanted.vpc_id)
    matcher = {**wanted.agents.database_labels, **fixed}
    matching = (item for item in world.databases if matches(matcher, item.labels))
    return tuple(sorted(matching, key=lambda item: item.name))
