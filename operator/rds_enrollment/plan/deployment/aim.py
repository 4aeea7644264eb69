"""All that a deployment's writes aim at, to tell drift from a new wish."""

from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.revision import wanted_body
from rds_enrollment.plan.deployment.roles import target_roles
from rds_enrollment.plan.deployment.wanted import WantedDeployment, wanted_token
from rds_enrollment.plan.deployment.world import DeploymentWorld


def aim(wanted: WantedDeployment, world: DeploymentWorld) -> object | None:
    """None while the network that tags select was not seen. A group that we make has another id each time."""
    picked = network(wanted, world)
    if picked is None:
        return None
    return (
        target_roles(wanted),
        wanted_token(wanted),
        picked.subnets,
        None if wanted.security_groups.managed else picked.security_groups,
        picked.assign_public_ip,
        wanted_body(wanted, world),
        wanted.agents.logs,
        wanted.replicas,
        wanted.shared_tags,
    )
