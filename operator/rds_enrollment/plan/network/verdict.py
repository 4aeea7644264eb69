"""The answer of the model: a path, or the first thing in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class BlockerKind(StrEnum):
    """What is in the way."""

    SUBNET_NOT_FOUND = "SubnetNotFound"
    SECURITY_GROUP_NOT_FOUND = "SecurityGroupNotFound"
    SECURITY_GROUP_EGRESS = "SecurityGroupEgress"
    SECURITY_GROUP_INGRESS = "SecurityGroupIngress"
    NETWORK_ACL_EGRESS = "NetworkAclEgress"
    NETWORK_ACL_INGRESS = "NetworkAclIngress"
    NO_ROUTE = "NoRoute"
    BLACKHOLE_ROUTE = "BlackholeRoute"
    INTERNET_GATEWAY_DETACHED = "InternetGatewayDetached"
    PUBLIC_ACCESS_BLOCKED = "PublicAccessBlocked"
    NO_PUBLIC_ADDRESS = "NoPublicAddress"
    NO_IPV4_ADDRESS = "NoIpv4Address"
    NO_IPV6_ADDRESS = "NoIpv6Address"
    WRONG_IP_FAMILY = "WrongIpFamily"
    """The gateway does not carry this family: IPv6 over NAT, IPv4 over an egress-only internet gateway."""
    NAT_GATEWAY_UNAVAILABLE = "NatGatewayUnavailable"
    NAT_GATEWAY_PRIVATE = "NatGatewayPrivate"
    """A private NAT gateway in front of an internet gateway, which drops its packets."""
    NAT_SUBNET_NOT_PUBLIC = "NatSubnetNotPublic"
    TRANSIT_GATEWAY_NOT_ATTACHED = "TransitGatewayNotAttached"
    TRANSIT_GATEWAY_NOT_IN_ZONE = "TransitGatewayNotInZone"
    PEERING_NOT_ACTIVE = "PeeringNotActive"
    PEERING_NOT_TRANSITIVE = "PeeringNotTransitive"
    ENDPOINT_UNAVAILABLE = "EndpointUnavailable"


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest change that opens the way."""

    sentence: str
    command: str = ""
    """One line for the AWS CLI; empty where no single command does it."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The first thing in the way of a connection, or of its answers."""

    kind: BlockerKind
    id: str
    """The resource to change: a security group, ACL, route table, gateway, endpoint or subnet."""
    sentence: str
    change: Change


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that the connection passes."""

    id: str
    """An AWS id, or the name of the destination."""
    detail: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that lies outside the model's sight and is taken to work."""

    sentence: str


Step: TypeAlias = Hop | Assumption | Blocker
"""What following a connection meets, in order; nothing follows a blocker."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`blocker` is None when the connection gets through, as far as the VPC can be seen."""

    path: tuple[Hop, ...]
    """The hops passed: all of them, or those before the blocker."""
    blocker: Blocker | None = None
    assumptions: tuple[str, ...] = ()
    """Sentences on what lies outside the model's sight and was taken to work."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Verdict":
        """Follows `steps` up to the first blocker."""
        path: list[Hop] = []
        assumptions: list[str] = []
        for step in steps:
            match step:
                case Hop():
                    path.append(step)
                case Assumption():
                    assumptions.append(step.sentence)
                case Blocker():
                    return cls(tuple(path), step, tuple(assumptions))
        return cls(tuple(path), None, tuple(assumptions))

    @property
    def open(self) -> bool:
        return self.blocker is None
