"""Preflight: whether a task that starts in a subnet can become a working agent.

Each check looks at one need. They form a chain, in the order in which a task would meet the trouble, and the
first that fails is the answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, TypeAlias

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.network.changes import ec2
from rds_enrollment.plan.network.needs import Needs
from rds_enrollment.plan.network.question import Destination, Host, Source
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.network.verdict import Blocker, Verdict
from rds_enrollment.plan.observed.network import Vpc, VpcDns
from rds_enrollment.plan.shell import command_line
from rds_enrollment.plan.text import counted


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a check looks at: one subnet of one deployment."""

    vpc: Vpc
    source: Source
    needs: Needs


class Finding(NamedTuple):
    """What a check found; `message` is empty unless `failed`."""

    reason: Reason
    message: str
    failed: bool
    blocker: Blocker | None = None
    """What is in the way, where it is something in the way."""


FARGATE_VCPUS = "L-3032A538"
"""Code of the quota "Fargate On-Demand vCPU resource count" (AWS General Reference, "Amazon ECS endpoints and
quotas")."""

Check: TypeAlias = Callable[[CheckFacts], Finding]

PASSED = Finding(Reason.SUCCEEDED, "", failed=False)


@dataclass(frozen=True, slots=True)
class SubnetVerdict:
    """The first finding in one subnet, and what is worth knowing but stops nothing."""

    subnet: str
    finding: Finding
    advice: tuple[str, ...] = ()


def preflight(
    vpc: Vpc, sources: Iterable[Source], needs: Needs, proven: frozenset[str] = frozenset()
) -> tuple[SubnetVerdict, ...]:
    """One verdict a subnet, in the order of `sources`.

    `proven`: subnets from which an agent is connected. What such an agent must have reached is not a finding there:
    the model may be wrong, and the agent is not. It is still told as advice.
    """
    return tuple(
        _verdict(CheckFacts(vpc, source, needs), proven=source.subnet in proven) for source in sources
    )


def _verdict(facts: CheckFacts, *, proven: bool) -> SubnetVerdict:
    judged = tuple(check for check in CHECKS if not proven or check not in PROVEN_BY_AGENT)
    overruled = [check(facts) for check in PROVEN_BY_AGENT if proven]
    doubts = tuple(f"{_DOUBT} {item.message}" for item in overruled if item.failed)
    return SubnetVerdict(facts.source.subnet, first_failure(facts, judged), (*doubts, *advice(facts)))


def first_failure(facts: CheckFacts, checks: Iterable[Check]) -> Finding:
    """Runs the chain up to the first check that fails."""
    for check in checks:
        finding = check(facts)
        if finding.failed:
            return finding
    return PASSED


def advice(facts: CheckFacts) -> tuple[str, ...]:
    """What the checks of ADVISING say."""
    return tuple(finding.message for check in ADVISING if (finding := check(facts)).failed)


def enough_addresses(vpc: Vpc, subnets: Iterable[str], new_tasks: int) -> Finding:
    """Whether the subnets of a deployment together have an address for each new task (Amazon ECS Developer Guide,
    "Fargate task networking": a network interface per task)."""
    chosen = sorted(set(subnets) & vpc.subnet_by_id.keys())
    free = sum(vpc.subnet_by_id[subnet_id].available_addresses for subnet_id in chosen)
    if free >= new_tasks:
        return PASSED
    message = (
        f"{', '.join(chosen)} have {free} free addresses for {new_tasks} new tasks. Release addresses, or choose "
        f"more subnets."
    )
    return Finding(Reason.NO_FREE_ADDRESSES, message, failed=True)


def enough_vcpus(quota: float, tasks: int, cpu_units: int, region: str) -> Finding:
    """Whether Fargate may run all tasks of a deployment at once, if nothing else of the account runs in the region.

    `quota` is in vCPUs, `cpu_units` are those of a task, 1024 a vCPU. What others run is not known: a quota that is
    large enough may be used up all the same (Amazon ECS Developer Guide, "Amazon ECS service quotas").
    """
    needed = tasks * cpu_units / 1024
    if needed <= quota:
        return PASSED
    command = command_line(
        *("aws", "service-quotas", "request-service-quota-increase"),
        *("--service-code", "fargate", "--quota-code", FARGATE_VCPUS),
        *("--desired-value", str(ceil(needed)), "--region", region),
    )
    message = (
        f"Fargate may run {quota:g} vCPUs in {region} (quota {FARGATE_VCPUS}), and {counted(tasks, 'task')} of this "
        f"deployment need {needed:g}. Ask AWS for more, or lower replicas or resources.cpuUnits. Command: {command}"
    )
    return Finding(Reason.FARGATE_QUOTA_TOO_LOW, message, failed=True)


def free_address(facts: CheckFacts) -> Finding:
    """Whether the subnet has an address left, while tasks are still to be started."""
    subnet = facts.vpc.subnet_by_id.get(facts.source.subnet)
    if subnet is None or facts.needs.new_tasks == 0 or subnet.available_addresses > 0:
        return PASSED
    message = (
        f"{subnet.id} has no free address: no task can start in it. Release addresses, or choose another."
    )
    return Finding(Reason.NO_FREE_ADDRESSES, message, failed=True)


def dns_resolution(facts: CheckFacts) -> Finding:
    """Whether a DNS server answers: every host that a task needs it knows by name. Others than Amazon's are taken to
    work."""
    vpc, dns = facts.vpc, facts.vpc.dns
    if dns is None or dns.support or dns.servers is None:
        return PASSED
    if not all(_is_amazons(server, dns) for server in dns.servers):
        return PASSED
    command = ec2(vpc, "modify-vpc-attribute", "--vpc-id", vpc.id, "--enable-dns-support", "Value=true")
    message = (
        f"From {facts.source.subnet} no name is resolved: DNS resolution is off in {vpc.id} (enableDnsSupport), and "
        f"its DHCP options name no other DNS server. Turn it on. Command: {command}"
    )
    return Finding(Reason.DNS_RESOLUTION_DISABLED, message, failed=True)


def image_registry(facts: CheckFacts) -> Finding:
    """Whether the image can be pulled."""
    return _reachable(
        facts, facts.needs.image_registry(), Reason.IMAGE_REGISTRY_UNREACHABLE, "image registry"
    )


def teleport_proxy(facts: CheckFacts) -> Finding:
    """Whether the agent can join and open its tunnel."""
    return _reachable(facts, facts.needs.proxy(), Reason.TELEPORT_PROXY_UNREACHABLE, "Teleport proxy")


def rds_trust_store(facts: CheckFacts) -> Finding:
    """Whether the agent can fetch the CAs that it verifies databases with."""
    return _reachable(
        facts, facts.needs.rds_trust_store(), Reason.RDS_TRUST_STORE_UNREACHABLE, "RDS trust store"
    )


def rds_api(facts: CheckFacts) -> Finding:
    """Whether the agent can describe the databases that it serves."""
    return _reachable(facts, facts.needs.rds_api(), Reason.RDS_API_UNREACHABLE, "RDS API")


def cloudwatch_logs(facts: CheckFacts) -> Finding:
    """Whether the awslogs driver can write: a task does not start without (Amazon ECS Developer Guide, "ECS task
    stopped error messages", ResourceInitializationError)."""
    return _reachable(facts, facts.needs.logs_api(), Reason.LOGS_UNREACHABLE, "CloudWatch Logs")


def sts_api(facts: CheckFacts) -> Finding:
    """Whether the agent can assume other roles, which only some databases ask for."""
    return _reachable(facts, facts.needs.sts_api(), Reason.STS_UNREACHABLE, "STS")


def names_resolved(facts: CheckFacts) -> Finding:
    """Whether the addresses are known of the hosts that may be private: of the others the way cannot be judged."""
    names = sorted(facts.needs.unresolved)
    if not names:
        return PASSED
    message = (
        f"The operator's DNS knows no address of {', '.join(names)} that a VPC could reach, so that the way there is "
        f"not judged. Tell it with --host-addresses."
    )
    return Finding(Reason.NAME_NOT_RESOLVED, message, failed=True)


CHECKS: tuple[Check, ...] = (
    free_address,
    dns_resolution,
    image_registry,
    cloudwatch_logs,
    teleport_proxy,
    rds_trust_store,
    rds_api,
)

PROVEN_BY_AGENT: tuple[Check, ...] = (dns_resolution, image_registry, cloudwatch_logs, teleport_proxy)
"""What an agent has reached when it is connected: names were resolved, its image was pulled, its log stream made, its
tunnel is open."""

ADVISING: tuple[Check, ...] = (sts_api, names_resolved)

_AMAZON_DNS = ("AmazonProvidedDNS", "169.254.169.253", "fd00:ec2::253")

_DOUBT = "An agent is connected from here, although the model of the VPC says otherwise; a new task may fail."


def _is_amazons(server: str, dns: VpcDns) -> bool:
    """Whether it is the server that the VPC turns off (Amazon VPC User Guide, "Amazon DNS server")."""
    third = str(dns.cidr[2]) if dns.cidr else ""
    return server in (*_AMAZON_DNS, third)


def _reachable(facts: CheckFacts, destinations: Iterable[Destination], reason: Reason, what: str) -> Finding:
    for destination in destinations:
        if isinstance(destination, Host) and destination.name in facts.needs.unresolved:
            continue
        verdict = reach(facts.vpc, facts.source, destination)
        if not verdict.open:
            message = explain(facts.source.subnet, f"{what} {destination.name}:{destination.port}", verdict)
            return Finding(reason, message, failed=True, blocker=verdict.blocker)
    return PASSED


def explain(subnet: str, what: str, verdict: Verdict) -> str:
    """A blocker as a message: what is not reached, why, and what to do."""
    blocker = verdict.blocker
    if blocker is None:
        return f"{what} is reached from {subnet}."
    command = f" Command: {blocker.change.command}" if blocker.change.command else ""
    return f"From {subnet} the {what} is not reached. {blocker.sentence} {blocker.change.sentence}{command}"
