"""The plan of one deployment, part by part in the order of its conditions."""

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.deployment.access import access_part
from rds_enrollment.plan.deployment.analyzer import analyzed
from rds_enrollment.plan.deployment.claims import contested
from rds_enrollment.plan.deployment.databases import databases_part
from rds_enrollment.plan.deployment.network import network_part
from rds_enrollment.plan.deployment.revision import revision_part
from rds_enrollment.plan.deployment.roles import roles_part
from rds_enrollment.plan.deployment.service import service_part
from rds_enrollment.plan.deployment.tasks import tasks_part
from rds_enrollment.plan.deployment.token import token_part
from rds_enrollment.plan.deployment.tunnel import tunnel_part
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.diagnosis.pages import with_page
from rds_enrollment.plan.part import Part

REQUIRED = (
    ConditionType.CREDENTIALS_VALID,
    ConditionType.ROLE_READY,
    ConditionType.JOIN_TOKEN_READY,
    ConditionType.NETWORK_READY,
    ConditionType.TASK_DEFINITION_REGISTERED,
    ConditionType.SERVICE_DEPLOYED,
    ConditionType.TASKS_RUNNING,
    ConditionType.TUNNEL_CONNECTED,
)
"""Ready is all of these; DatabasesReachable and DatabaseAccessAllowed only inform."""


def plan(wanted: WantedDeployment, world: DeploymentWorld, attempts: int = 1) -> tuple[Part, ...]:
    """What one pass would write, and how each condition stands. `attempts`: failures in a row, this one included."""
    if stands_back := contested(wanted, world, REQUIRED[1:], attempts):
        return stands_back
    role = roles_part(wanted, world, attempts)
    token = token_part(wanted, world, attempts)
    network = network_part(wanted, world, attempts)
    revision = revision_part(wanted, world, role.done, attempts)
    service = service_part(wanted, world, role_ready=role.done, network_ready=network.done, attempts=attempts)
    tasks = tasks_part(wanted, world, service.done, attempts)
    tunnel = tunnel_part(wanted, world, attempts)
    databases = with_page(
        analyzed(wanted, world, databases_part(wanted, world, attempts)), wanted.scope.docs_url
    )
    access = access_part(wanted, world, attempts)
    return (role, token, network, revision, service, tasks, tunnel, databases, access)
