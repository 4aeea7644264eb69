"""Who wants to reach what: the two halves of a question to the model. Connections are TCP."""

from dataclasses import dataclass
from typing import TypeAlias

from rds_enrollment.plan.observed.network import Address, PortRange

LINUX_EPHEMERAL_PORTS = PortRange(32768, 60999)
"""Where Linux opens connections from (the kernel's ip_local_port_range). Rules of thumb such as 1024-65535 contain
it (Amazon VPC User Guide, Custom network ACLs, Ephemeral ports)."""

NAT_EPHEMERAL_PORTS = PortRange(1024, 65535)
"""Where a NAT gateway opens connections from (the same page of the user guide)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A network interface in a subnet, existing or still to be made."""

    subnet: str
    security_groups: frozenset[str]
    public_ip: bool
    """Whether it has a public IPv4 address. ECS asks for one or none, whatever the subnet's default."""
    ipv6: bool = False
    """Whether it has an IPv6 address, for which its subnet needs an IPv6 block."""
    addresses: tuple[Address, ...] = ()
    """Its private addresses, at most one a family; where there is none, any that the subnet may hand out."""
    ephemeral_ports: PortRange = LINUX_EPHEMERAL_PORTS
    interface: str = ""
    """Its id, where it exists."""


@dataclass(frozen=True, slots=True)
class Host:
    """A name, somewhere.

    With several addresses one that answers is enough, as clients try them in turn. Without any it stands for
    an ordinary IPv4 host of the internet: a public address that is in no prefix list.
    """

    name: str
    port: int
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class AwsService:
    """The regional endpoint of an AWS service: an interface endpoint with private DNS takes its name over."""

    service: str
    """What follows com.amazonaws.<region>. in the names of its VPC endpoints: ecr.api, ecr.dkr, s3, logs, rds, sts."""
    name: str
    port: int = 443
    addresses: tuple[Address, ...] = ()
    """Its public addresses; without any, those of its prefix list, or else of any host of the internet."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface in the same VPC, such as a database's."""

    name: str
    """How a sentence shall call it: the id of the interface, or what it belongs to."""
    subnet: str
    security_groups: frozenset[str]
    port: int
    address: Address | None = None
    """Its private address; without one, any that the subnet may have handed out (all must be reachable)."""


Destination: TypeAlias = Host | AwsService | Interface
