"""Where a deployment's tasks are in its VPC, or will be: whence the ways to databases begin."""

from collections.abc import Iterator
from ipaddress import ip_address

from rds_enrollment.plan.deployment.agents import running_tasks
from rds_enrollment.plan.deployment.choice import network, vpc_of
from rds_enrollment.plan.deployment.preflight import has_all, sources
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.network.question import Source
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.observed.network import Vpc


def places_of_tasks(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[Vpc, Network] | None:
    """The VPC and the tasks' subnets and groups in it; None while they were not seen together."""
    vpc, picked = vpc_of(world), network(wanted, world)
    if isinstance(vpc, Unseen) or vpc is None or picked is None:
        return None
    return (vpc, picked) if has_all(vpc, picked) else None


def running_sources(world: DeploymentWorld, vpc: Vpc, picked: Network) -> tuple[Source, ...]:
    """The interfaces of the tasks that run, with the security groups that they really have."""
    return tuple(_running(world, vpc, picked))


def every_source(world: DeploymentWorld, vpc: Vpc, picked: Network) -> tuple[Source, ...]:
    """One task of each subnet and set of groups that run, and in the other subnets what tasks would get."""
    running = {
        (source.subnet, source.security_groups): source
        for source in sorted(_running(world, vpc, picked), key=lambda source: source.interface, reverse=True)
    }
    taken = {subnet for subnet, _ in running}
    to_come = (source for source in sources(picked, vpc) if source.subnet not in taken)
    return tuple(sorted((*running.values(), *to_come), key=lambda source: (source.subnet, source.interface)))


def _running(world: DeploymentWorld, vpc: Vpc, picked: Network) -> Iterator[Source]:
    """A task does not tell its groups. Its interface does, once a look at the network has seen it."""
    groups = {item.id: item.security_groups for item in vpc.network_interfaces}
    for task in running_tasks(world):
        if task.private_ip and task.subnet_id in vpc.subnet_by_id:
            yield Source(
                task.subnet_id,
                groups.get(task.network_interface_id) or picked.security_groups,
                picked.assign_public_ip,
                addresses=(ip_address(task.private_ip),),
                interface=task.network_interface_id,
            )
