"""The simulated VPC network: what reaches what. Every touch of moto's EC2 internals is in this file.

A packet passes when its route, the security groups (stateful, rules add up) and the network ACLs (stateless,
first matching rule by number) of its subnet let it through.
"""

import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Any, Literal

from moto.ec2.models import ec2_backends

REGISTRY_ADDRESS = IPv4Address("99.83.145.10")
"""Where public.ecr.aws answers in the simulated internet."""
HTTPS = 443
_EPHEMERAL_PORT = 49152
_RESERVED_HOSTS = 4  # AWS keeps the first four addresses of a subnet, and the last
_TCP = "6"

Direction = Literal["ingress", "egress"]


class NetworkError(Exception):
    """An interface cannot be made: what it needs is gone or used up."""


@dataclass(frozen=True)
class Peer:
    """The far end of a packet: its address, and its groups when it is inside the same VPC."""

    address: IPv4Address
    security_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class NetworkInterface:
    """What ECS tells about the interface of a task."""

    id: str
    mac_address: str
    private_ip: str
    private_dns_name: str
    subnet_id: str
    vpc_id: str
    security_groups: tuple[str, ...]


class VpcNetwork:
    """The network of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._ec2: Any = ec2_backends[account][region]
        self._region = region

    def has_subnet(self, subnet_id: str) -> bool:
        return any(subnet_id in zone for zone in self._ec2.subnets.values())

    def has_security_group(self, group_id: str) -> bool:
        return self._ec2.get_security_group_from_id(group_id) is not None

    def vpc_of_subnet(self, subnet_id: str) -> str:
        return str(self._ec2.get_subnet(subnet_id).vpc_id)

    def vpc_of_security_group(self, group_id: str) -> str:
        return str(self._ec2.get_security_group_from_id(group_id).vpc_id)

    def default_security_group(self, vpc_id: str) -> str:
        return str(self._ec2.get_default_security_group(vpc_id).id)

    def subnet_cidr(self, subnet_id: str) -> IPv4Network:
        return IPv4Network(self._ec2.get_subnet(subnet_id).cidr_block)

    def availability_zone(self, subnet_id: str) -> str:
        return str(self._ec2.get_subnet(subnet_id).availability_zone)

    def endpoint_address(self, subnet_id: str, host: str) -> IPv4Address:
        """A stable address in the upper half of the subnet; tasks fill it from below."""
        cidr = self.subnet_cidr(subnet_id)
        half = cidr.num_addresses // 2
        return cidr[half + zlib.crc32(host.encode()) % (half - 1)]

    # Interfaces

    def attach_interface(
        self, subnet_id: str, group_ids: Sequence[str], description: str, public_ip: bool, address: str = ""
    ) -> NetworkInterface:
        """Creates an interface with an address of the subnet, or its lowest free one. Raises NetworkError."""
        self._check_present(subnet_id, group_ids)
        address = address or self._free_address(subnet_id)
        eni = self._ec2.create_network_interface(
            subnet_id, address, group_ids=list(group_ids), description=description
        )
        eni.status = "in-use"
        eni.requester_managed = True
        if public_ip:
            eni.public_ip = f"203.0.113.{1 + secrets.randbelow(254)}"
        vpc_id = self.vpc_of_subnet(subnet_id)
        dns_name = self._private_dns_name(vpc_id, address)
        eni.private_dns_name = dns_name
        return NetworkInterface(
            eni.id, eni.mac_address, address, dns_name, subnet_id, vpc_id, tuple(group_ids)
        )

    def detach_interface(self, interface_id: str) -> None:
        """Deletes the interface; it may already be gone with its subnet."""
        self._ec2.enis.pop(interface_id, None)

    def change_groups(self, interface_id: str, group_ids: Sequence[str]) -> None:
        """Gives an interface other security groups."""
        groups = [self._ec2.get_security_group_from_id(group_id) for group_id in group_ids]
        self._ec2.enis[interface_id]._group_set = groups

    def _check_present(self, subnet_id: str, group_ids: Sequence[str]) -> None:
        if not self.has_subnet(subnet_id):
            raise NetworkError(f"The subnet ID '{subnet_id}' does not exist")
        for group_id in group_ids:
            # moto would make a missing group up.
            if not self.has_security_group(group_id):
                raise NetworkError(f"The security group '{group_id}' does not exist")

    def _free_address(self, subnet_id: str) -> str:
        enis = list(self._ec2.enis.values())
        taken = {str(eni.private_ip_address) for eni in enis if eni.subnet.id == subnet_id}
        cidr = self.subnet_cidr(subnet_id)
        hosts = map(str, islice(cidr, _RESERVED_HOSTS, cidr.num_addresses - 1))
        free = next((host for host in hosts if host not in taken), None)
        if free is None:
            raise NetworkError(f"subnet {subnet_id} has no free address")
        return free

    def _private_dns_name(self, vpc_id: str, address: str) -> str:
        """Empty in a VPC without DNS hostnames, as AWS leaves it out there."""
        if not self._ec2.get_vpc(vpc_id).enable_dns_hostnames:
            return ""
        suffix = "ec2.internal" if self._region == "us-east-1" else f"{self._region}.compute.internal"
        return f"ip-{address.replace('.', '-')}.{suffix}"

    # Verdicts

    def reaches_internet(self, subnet_id: str, group_ids: Sequence[str], public_ip: bool) -> bool:
        """Whether an interface there can open a connection to the image registry."""
        registry = Peer(REGISTRY_ADDRESS)
        return (
            self.has_subnet(subnet_id)
            and self._routes_to_internet(subnet_id, public_ip)
            and self.groups_allow(group_ids, "egress", registry, HTTPS)
            and self.acl_allows_exchange(subnet_id, registry.address, HTTPS)
        )

    def resolves_names(self, subnet_id: str) -> bool:
        """Whether an interface there gets a DNS server that answers: Amazon's while it is on, or one of the DHCP
        options, which is taken to work."""
        vpc = self._ec2.get_vpc(self.vpc_of_subnet(subnet_id))
        options = vpc.dhcp_options.dhcp_configurations if vpc.dhcp_options else ()
        named = (item["Values"] for item in options if item["Key"] == "domain-name-servers")
        servers = {value["Value"] for values in named for value in values}
        amazons = {"AmazonProvidedDNS", "169.254.169.253", str(IPv4Network(vpc.cidr_block)[2])}
        return bool(vpc.enable_dns_support or servers - amazons)

    def connects(self, source: NetworkInterface, target: Peer, target_subnet: str, port: int) -> bool:
        """Whether a TCP connection from an interface to a peer of the same VPC passes both ends."""
        origin = Peer(IPv4Address(source.private_ip), source.security_groups)
        return (
            self.groups_allow(source.security_groups, "egress", target, port)
            and self.groups_allow(target.security_groups, "ingress", origin, port)
            and (
                source.subnet_id == target_subnet
                or (
                    self.acl_allows_exchange(source.subnet_id, target.address, port)
                    and self.acl_allows_exchange(target_subnet, origin.address, port, inbound=True)
                )
            )
        )

    def groups_allow(self, group_ids: Iterable[str], direction: Direction, peer: Peer, port: int) -> bool:
        """Whether any rule of any of the groups lets TCP to or from the peer through."""
        groups = filter(None, map(self._ec2.get_security_group_from_id, group_ids))
        return any(
            _rule_matches(rule, peer, port)
            for group in groups
            for rule in (group.egress_rules if direction == "egress" else group.ingress_rules)
        )

    def _routes_to_internet(self, subnet_id: str, public_ip: bool) -> bool:
        route = self._route(subnet_id, REGISTRY_ADDRESS)
        if route is None:
            return False
        if route.nat_gateway is not None:
            return self._nat_reaches_internet(route.nat_gateway)
        return public_ip and self._is_attached_gateway(route.gateway)

    def _nat_reaches_internet(self, nat: Any) -> bool:
        # moto leaves the connectivity type empty where AWS defaults it to public.
        if nat.state != "available" or nat.connectivity_type == "private":
            return False
        route = self._route(nat.subnet_id, REGISTRY_ADDRESS)
        return route is not None and self._is_attached_gateway(route.gateway)

    def _is_attached_gateway(self, gateway: Any) -> bool:
        stored = self._ec2.internet_gateways.get(gateway.id) if gateway is not None else None
        return stored is not None and stored.vpc is not None

    def _route(self, subnet_id: str, address: IPv4Address) -> Any:
        """The route with the longest prefix for an address, from the subnet's table or the main one."""
        table = self._route_table(subnet_id)
        candidates = [
            (IPv4Network(route.destination_cidr_block).prefixlen, index)
            for index, route in enumerate(table.routes)
            if route.destination_cidr_block and address in IPv4Network(route.destination_cidr_block)
        ]
        return table.routes[max(candidates)[1]] if candidates else None

    def _route_table(self, subnet_id: str) -> Any:
        vpc_id = self.vpc_of_subnet(subnet_id)
        tables = [table for table in self._ec2.route_tables.values() if table.vpc_id == vpc_id]
        explicit = [t for t in tables if any(a.get("SubnetId") == subnet_id for a in t.associations)]
        return explicit[0] if explicit else next(t for t in tables if t.main_association_id is not None)

    def acl_allows_exchange(self, subnet_id: str, far: IPv4Address, port: int, inbound: bool = False) -> bool:
        """Both ways of a TCP connection to a port: the request, and its answer to an ephemeral port."""
        out_port, in_port = (_EPHEMERAL_PORT, port) if inbound else (port, _EPHEMERAL_PORT)
        return self._acl_allows(subnet_id, "egress", far, out_port) and self._acl_allows(
            subnet_id, "ingress", far, in_port
        )

    def _acl_allows(self, subnet_id: str, direction: Direction, far: IPv4Address, port: int) -> bool:
        acl = self._network_acl(subnet_id)
        entries = [entry for entry in acl.entries if _is_egress(entry) == (direction == "egress")]
        for entry in sorted(entries, key=lambda entry: int(entry.rule_number)):
            if _entry_matches(entry, far, port):
                return bool(entry.rule_action == "allow")
        return False

    def network_acl_id(self, subnet_id: str) -> str:
        """The one network ACL of a subnet."""
        return str(self._network_acl(subnet_id).id)

    def _network_acl(self, subnet_id: str) -> Any:
        return next(
            acl
            for acl in self._ec2.network_acls.values()
            if any(association.subnet_id == subnet_id for association in acl.associations)
        )


def _rule_matches(rule: Any, peer: Peer, port: int) -> bool:
    if rule.ip_protocol not in ("-1", "tcp"):
        return False
    if rule.ip_protocol == "tcp" and not int(rule.from_port) <= port <= int(rule.to_port):
        return False
    if rule.cidr_ipv4:
        return peer.address in IPv4Network(rule.cidr_ipv4)
    return bool(rule.source_group) and rule.source_group.get("GroupId") in peer.security_groups


def _is_egress(entry: Any) -> bool:
    return entry.egress in (True, "true")


def _entry_matches(entry: Any, far: IPv4Address, port: int) -> bool:
    if str(entry.protocol) not in ("-1", _TCP):
        return False
    if not entry.cidr_block or far not in IPv4Network(entry.cidr_block):
        return False
    if str(entry.protocol) == "-1" or entry.port_range_from is None:
        return True
    return int(entry.port_range_from) <= port <= int(entry.port_range_to)
