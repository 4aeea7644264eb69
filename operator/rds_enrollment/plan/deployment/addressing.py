"""Whether tasks get public addresses. ECS gives them to all tasks of a service, or to none."""

from dataclasses import dataclass

from rds_enrollment.api.network import AssignPublicIp
from rds_enrollment.plan.deployment.revision import fitting_revision
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.routes import table_of
from rds_enrollment.plan.observed.aws import EcsService
from rds_enrollment.plan.observed.network import Route, Vpc

_INTERNET_GATEWAY = "igw-"


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the IPv4 default routes of some subnets lead."""

    public: tuple[str, ...]
    """Subnets that reach the internet by an internet gateway: with a public address only."""
    private: tuple[str, ...]
    """All others: a public address would be of no use there."""

    @property
    def mixed(self) -> bool:
        return bool(self.public and self.private)


def ways_out(vpc: Vpc, subnets: frozenset[str]) -> Ways | None:
    """None while one of the subnets is not known. Only routes count: what else is closed today opens tomorrow."""
    if not subnets <= vpc.subnet_by_id.keys():
        return None
    public = tuple(sorted(subnet for subnet in subnets if _leads_to_internet_gateway(vpc, subnet)))
    return Ways(public, tuple(sorted(subnets - set(public))))


def public_address(
    wanted: WantedDeployment, world: DeploymentWorld, subnets: frozenset[str], groups: frozenset[str]
) -> bool:
    """Whether tasks ask for a public address.

    Where nothing is asked for, a running service keeps the addresses that it has and does not need until something
    else rolls it out: they do no harm to be worth a rollout of their own. Where the routes are not known it is as it
    is, or else as the wizard has it (Teleport lib/integrations/awsoidc/deployservice.go).
    """
    if wanted.assign_public_ip in (AssignPublicIp.ENABLED, AssignPublicIp.DISABLED):
        return wanted.assign_public_ip is AssignPublicIp.ENABLED
    service = world.service if isinstance(world.service, EcsService) else None
    ways = ways_out(world.vpc, subnets) if isinstance(world.vpc, Vpc) else None
    if ways is None:
        return service is None or service.network.assign_public_ip
    if ways.public:
        return True
    return (
        wanted.assign_public_ip is None
        and service is not None
        and _keeps(wanted, world, service, subnets, groups)
    )


def is_undecided(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether the routes alone can tell: nothing is asked for, and no service has what could stay."""
    asked = wanted.assign_public_ip in (AssignPublicIp.ENABLED, AssignPublicIp.DISABLED)
    return not asked and not isinstance(world.service, EcsService)


def _keeps(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    service: EcsService,
    subnets: frozenset[str],
    groups: frozenset[str],
) -> bool:
    """Whether the service has public addresses and nothing else would roll it out."""
    now, revision = service.network, fitting_revision(wanted, world)
    return (
        service.status == "ACTIVE"
        and now.assign_public_ip
        and (now.subnets, now.security_groups) == (subnets, groups)
        and (revision is None or revision.arn == service.task_definition_arn)
    )


def _leads_to_internet_gateway(vpc: Vpc, subnet: str) -> bool:
    table = table_of(vpc, subnet)
    return table is not None and any(
        route.target.startswith(_INTERNET_GATEWAY) for route in table.routes if _is_default(route)
    )


def _is_default(route: Route) -> bool:
    destination = route.destination
    return not isinstance(destination, str) and destination.version == 4 and destination.prefixlen == 0
