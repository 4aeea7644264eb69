"""The one question of the model, taken apart into single connections and put together again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rds_enrollment.plan.network import changes, groups
from rds_enrollment.plan.network.inward import within
from rds_enrollment.plan.network.outward import out
from rds_enrollment.plan.network.packet import Leg, block_of, subnet_of
from rds_enrollment.plan.network.question import AwsService, Destination, Interface, Source
from rds_enrollment.plan.network.space import assignable, blocks_of, is_public, local_blocks, public_ipv4
from rds_enrollment.plan.network.verdict import Assumption, Blocker, BlockerKind, Hop, Step, Verdict
from rds_enrollment.plan.observed.network import Address, Cidr, EndpointType, Subnet, Vpc, VpcEndpoint


def reach(vpc: Vpc, source: Source, destination: Destination) -> Verdict:
    """Whether a new TCP connection from `source` reaches `destination`, and its answers come back.

    Where addresses are not known, every address that may be meant is asked: all must do for an interface of
    the VPC (AWS may hand out any), one must do for a host (doubt raises no alarm).
    """
    subnet = vpc.subnet_by_id.get(source.subnet)
    if subnet is None:
        return Verdict((), _no_subnet(vpc, source.subnet))
    return _Question(vpc, source, subnet, destination).verdict()


@dataclass(frozen=True, slots=True)
class _End:
    """One address of the destination, and the interface that is known to have it."""

    address: Address
    subnet: Subnet | None = None
    resolved: bool = True
    groups: frozenset[str] | None = frozenset()
    """None when the address may be of an interface that is not in sight, here or in a network beyond."""


class _Question:
    """A question with what its parts share."""

    def __init__(self, vpc: Vpc, source: Source, subnet: Subnet, destination: Destination) -> None:
        self._vpc = vpc
        self._source = source
        self._subnet = subnet
        self._destination = destination
        self._endpoint = _taking_over(vpc, destination)
        judged = source.security_groups | self._groups_at_the_end()
        self._edges = _edges(vpc, judged, destination.port)

    def verdict(self) -> Verdict:
        """Open when one IP version gets through; otherwise what stops the first."""
        missing = self._missing_subnet()
        if missing is not None:
            return Verdict((), missing)
        choices = self._choices()
        versions = dict.fromkeys(choice[0].address.version for choice in choices)
        return _any_open(self._of_version(version, choices) for version in versions)

    def _groups_at_the_end(self) -> frozenset[str]:
        """Every group that may judge who comes in: what it allows tells source addresses apart."""
        taking = self._endpoint.security_groups if self._endpoint else frozenset()
        if isinstance(self._destination, Interface):
            return self._destination.security_groups | taking
        known = (self._vpc.interface_by_address.get(item) for item in self._destination.addresses)
        return taking.union(*(interface.security_groups for interface in known if interface))

    def _missing_subnet(self) -> Blocker | None:
        if (
            isinstance(self._destination, Interface)
            and self._destination.subnet not in self._vpc.subnet_by_id
        ):
            return _no_subnet(self._vpc, self._destination.subnet)
        return None

    def _of_version(self, version: int, choices: list[list[_End]]) -> Verdict:
        origins = self._origins(version)
        if not origins:
            return Verdict((), _no_address(self._subnet, version))
        ends = [choice for choice in choices if choice[0].address.version == version]
        return _all_open(
            _any_open(_all_open(Verdict.of(self._connect(origin, end)) for end in choice) for choice in ends)
            for origin in origins
        )

    def _origins(self, version: int) -> list[Address]:
        """The addresses that connections may come from."""
        block = block_of(self._subnet, version)
        if block is None or (version == 6 and not self._source.ipv6):
            return []
        given = [address for address in self._source.addresses if address.version == version]
        return given or assignable(block, self._edges)

    def _choices(self) -> list[list[_End]]:
        """Alternatives, of which one must do; all addresses of an alternative must."""
        if isinstance(self._destination, Interface):
            target = self._destination
            return [self._interface(target.subnet, target.security_groups, target.address)]
        if self._endpoint is not None:
            return list(self._of_endpoint(self._endpoint))
        if self._destination.addresses:
            return [[self._host(address)] for address in self._destination.addresses]
        return [[_End(address, resolved=False)] for address in self._unresolved()]

    def _interface(self, subnet_id: str, groups: frozenset[str], address: Address | None) -> list[_End]:
        subnet = self._vpc.subnet_by_id[subnet_id]
        block = block_of(subnet, 4) or block_of(subnet, 6)
        if block is None:
            raise ValueError(f"{subnet_id} has no address block")
        addresses = [address] if address else assignable(block, self._edges)
        return [_End(item, subnet, groups=groups) for item in addresses]

    def _of_endpoint(self, endpoint: VpcEndpoint) -> Iterator[list[_End]]:
        """Its interfaces, one a subnet: by address, or any address of the subnet where it is not known."""
        seen = set()
        for interface in self._vpc.network_interfaces:
            if interface.id in endpoint.network_interfaces and interface.subnet_id in self._vpc.subnet_by_id:
                seen.add(interface.subnet_id)
                for address in interface.addresses:
                    yield self._interface(interface.subnet_id, interface.security_groups, address)
        for subnet_id in sorted((endpoint.subnets & self._vpc.subnet_by_id.keys()) - seen):
            yield self._interface(subnet_id, endpoint.security_groups, None)

    def _host(self, address: Address) -> _End:
        interface = self._vpc.interface_by_address.get(address)
        if interface is not None and interface.subnet_id in self._vpc.subnet_by_id:
            return _End(
                address, self._vpc.subnet_by_id[interface.subnet_id], groups=interface.security_groups
            )
        subnet = subnet_of(self._vpc, address)
        known = subnet is None and is_public(address)
        return _End(address, subnet, groups=frozenset() if known else None)

    def _unresolved(self) -> list[Address]:
        """Addresses that stand for those that the name may have."""
        service = self._destination.service if isinstance(self._destination, AwsService) else ""
        of_aws = [item for item in self._vpc.prefix_lists if item.service]
        inside = tuple(cidr for item in of_aws if item.service == service for cidr in item.cidrs)
        outside = () if inside else tuple(cidr for item in of_aws for cidr in item.cidrs)
        return public_ipv4(self._edges, inside, (*outside, *local_blocks(self._vpc)))

    def _connect(self, origin: Address, end: _End) -> Iterator[Step]:
        leg = self._leg(origin, end)
        own_groups = self._source.security_groups
        yield Hop(self._subnet.id, f"task at {origin}")
        yield from groups.leave(leg, own_groups, end.groups)
        if end.subnet is None:
            yield from out(leg)
            return
        if end.groups is None:
            yield Assumption(f"The security groups of {leg.goal} in {end.subnet.id} are not visible.")
        yield from within(leg, own_groups, end.subnet, end.groups or frozenset())

    def _leg(self, origin: Address, end: _End) -> Leg:
        target = self._destination
        return Leg(
            vpc=self._vpc,
            subnet=self._subnet,
            address=origin,
            public=self._source.public_ip,
            ephemeral_ports=self._source.ephemeral_ports,
            destination=end.address,
            port=target.port,
            name=target.name,
            service=target.service if isinstance(target, AwsService) else "",
            resolved=end.resolved,
        )


def _edges(vpc: Vpc, judged: frozenset[str], port: int) -> frozenset[Cidr]:
    """`blocks_of`, once for all questions that share the groups: databases that look alike are many."""
    return vpc.judged_once((blocks_of, judged, port), lambda: blocks_of(vpc, judged, port))


def _taking_over(vpc: Vpc, destination: Destination) -> VpcEndpoint | None:
    """The interface endpoint whose private DNS answers for the service's name inside the VPC (AWS PrivateLink
    Guide, "Private DNS")."""
    if not isinstance(destination, AwsService):
        return None
    return next(
        (
            endpoint
            for endpoint in vpc.endpoints
            if endpoint.type == EndpointType.INTERFACE
            and endpoint.service == destination.service
            and endpoint.state == "available"
            and endpoint.private_dns
            and endpoint.subnets & vpc.subnet_by_id.keys()
        ),
        None,
    )


def _any_open(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that is open, or else the first."""
    return _first(verdicts, wanted=True)


def _all_open(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that is blocked, or else the first."""
    return _first(verdicts, wanted=False)


def _first(verdicts: Iterable[Verdict], *, wanted: bool) -> Verdict:
    first: Verdict | None = None
    for verdict in verdicts:
        if verdict.open == wanted:
            return verdict
        first = first or verdict
    if first is None:
        raise ValueError("a question has at least one address on either side")
    return first


def _no_subnet(vpc: Vpc, subnet: str) -> Blocker:
    return Blocker(
        BlockerKind.SUBNET_NOT_FOUND,
        subnet,
        f"The subnet {subnet} is not in {vpc.id}.",
        changes.choose(f"Choose a subnet of {vpc.id}."),
    )


def _no_address(subnet: Subnet, version: int) -> Blocker:
    kind = BlockerKind.NO_IPV4_ADDRESS if version == 4 else BlockerKind.NO_IPV6_ADDRESS
    return Blocker(
        kind,
        subnet.id,
        f"The destination has IPv{version} addresses only, and interfaces in {subnet.id} get none of that version.",
        changes.choose(f"Use subnets with an IPv{version} block."),
    )
