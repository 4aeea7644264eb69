"""Preflight of one deployment: whether tasks that start in its subnets can become working agents.

It is asked before ECS has had time to fail, and again at each look. The model may be wrong (it does not see beyond
the VPC), so that a finding is told and stops nothing, unless the operator was asked to let it.
"""

from urllib.parse import urlsplit

from rds_enrollment.api.agents import Resources
from rds_enrollment.plan.deployment.agents import connected_tasks, running_tasks, starting_tasks
from rds_enrollment.plan.deployment.served import served_databases
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.checks import (
    Finding,
    SubnetVerdict,
    enough_addresses,
    enough_vcpus,
    preflight,
)
from rds_enrollment.plan.network.needs import Needs
from rds_enrollment.plan.network.question import Source
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Network, Task
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.task_definition import image

TOO_NEW = "A chosen subnet or security group is newer than the last look at the VPC: the next look will tell."
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy")
"""golang.org/x/net/http/httpproxy, FromEnvironment."""
_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080}


def subnet_verdicts(
    wanted: WantedDeployment, world: DeploymentWorld, picked: Network, vpc: Vpc
) -> tuple[SubnetVerdict, ...]:
    """One verdict for each subnet of the service's network, in the order of their ids."""
    return preflight(vpc, sources(picked, vpc), needs(wanted, world), proven_subnets(wanted, world, picked))


def shortage(wanted: WantedDeployment, world: DeploymentWorld, picked: Network, vpc: Vpc) -> Finding:
    """What the tasks that are still to start lack together: addresses, or vCPUs.

    A quota that cannot be read is not known, and no trouble: the right to read it is not needed for anything else.
    """
    found = enough_addresses(vpc, picked.subnets, _new_tasks(wanted, world))
    quota = world.fargate_vcpus
    if found.failed or isinstance(quota, Unseen) or not starts_tasks(wanted, world):
        return found
    return enough_vcpus(quota, wanted.replicas, _cpu_units(wanted), wanted.region)


def starts_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether tasks are still to start."""
    return _new_tasks(wanted, world) > 0


def has_all(vpc: Vpc, picked: Network) -> bool:
    """Whether the facts, which may be a resync older than the look at the subnets and groups, have them all."""
    return picked.subnets <= vpc.subnet_by_id.keys() and picked.security_groups <= vpc.group_by_id.keys()


def sources(picked: Network, vpc: Vpc) -> tuple[Source, ...]:
    """The interfaces that tasks get.

    In a subnet with an IPv6 block they get an IPv6 address, too, unless the account setting dualStackIPv6 is off
    (Amazon ECS Developer Guide, "Fargate task networking").
    """
    return tuple(
        Source(subnet_id, picked.security_groups, picked.assign_public_ip, ipv6=_has_ipv6(vpc, subnet_id))
        for subnet_id in sorted(picked.subnets)
    )


def needs(wanted: WantedDeployment, world: DeploymentWorld) -> Needs:
    """What the tasks have to reach, and how many are still to start."""
    return Needs(
        region=wanted.region,
        image=_image(wanted),
        proxy_address=wanted.scope.cluster.proxy_address,
        trust_store=_fetches_authorities(wanted, world),
        new_tasks=_new_tasks(wanted, world),
        http_proxy=_http_proxy(wanted),
        addresses=world.addresses,
    )


def hosts(wanted: WantedDeployment) -> frozenset[str]:
    """Names whose addresses the preflight should know."""
    return needs(wanted, DeploymentWorld()).names()


def proven_subnets(wanted: WantedDeployment, world: DeploymentWorld, picked: Network) -> frozenset[str]:
    """Subnets from which an agent is connected, out of the very network that is wanted."""
    service = world.service
    if not isinstance(service, EcsService) or service.network != picked:
        return frozenset()
    return frozenset(
        task.subnet_id for task in connected_tasks(wanted, world) if _has_network_of(service, task)
    )


def _has_network_of(service: EcsService, task: Task) -> bool:
    """A task does not tell its security groups. During a rollout the service's are those of the new tasks, which
    cannot be told from old ones of the same revision."""
    others = [item for item in service.deployments if item.status != "PRIMARY"]
    return all(item.task_definition_arn != task.task_definition_arn for item in others)


def _fetches_authorities(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Agents fetch the authorities of RDS for each database that comes without one of its own (Teleport
    lib/srv/db/ca.go, initCACert). While there is no database, the first may be of that kind."""
    served = served_databases(wanted, world)
    return not served or not all(database.tls.ca_certificate for database in served)


def _new_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> int:
    return max(0, wanted.replicas - len(_standing(world)))


def _standing(world: DeploymentWorld) -> tuple[Task, ...]:
    """Tasks that have their address already, and are not about to be replaced by others that need one, too."""
    service = world.service
    if not isinstance(service, EcsService):
        return ()
    return tuple(
        task
        for task in (*running_tasks(world), *starting_tasks(world))
        if task.private_ip and task.task_definition_arn == service.task_definition_arn
    )


def _cpu_units(wanted: WantedDeployment) -> int:
    size = wanted.agents.resources or Resources()
    return size.cpu_units


def _has_ipv6(vpc: Vpc, subnet_id: str) -> bool:
    subnet = vpc.subnet_by_id.get(subnet_id)
    return subnet is not None and any(cidr.version == 6 for cidr in subnet.cidrs)


def _image(wanted: WantedDeployment) -> str:
    """Its tag does not matter: all versions come from the same registry."""
    chosen = wanted.agents.image
    if chosen is not None:
        return chosen.repository
    return image(wanted.scope.cluster.version, enterprise=wanted.scope.enterprise)


def _http_proxy(wanted: WantedDeployment) -> str:
    """host:port of the HTTP proxy of the agents; empty without one, or when its value means nothing."""
    values = (item.value for item in wanted.agents.environment if item.name in _PROXY_VARIABLES)
    value = next(filter(None, values), "")
    url = urlsplit(value if "://" in value else f"http://{value}")
    try:
        port = url.port or _PROXY_PORTS.get(url.scheme, 80)
    except ValueError:
        return ""
    if not url.hostname:
        return ""
    return f"[{url.hostname}]:{port}" if ":" in url.hostname else f"{url.hostname}:{port}"
