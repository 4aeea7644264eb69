"""One packet's position on its way: the values that every rule is judged by."""

from dataclasses import dataclass

from rds_enrollment.plan.observed.network import AclRule, Address, Cidr, GroupRule, PortRange, Subnet, Vpc


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the way, from one network interface on: the task's, or behind it a NAT gateway's."""

    vpc: Vpc
    subnet: Subnet
    """Where the interface is."""
    address: Address | None
    """The interface's private address; None for a NAT gateway whose address is not known."""
    public: bool
    """Whether it has a public IPv4 address."""
    ephemeral_ports: PortRange
    """Where it opens connections from, and so where answers come back to."""
    destination: Address
    port: int
    name: str
    """What the destination is called in sentences."""
    service: str = ""
    """The AWS service that is asked for, if one is."""
    resolved: bool = True
    """Whether `destination` is the destination's own address, or stands for one that is not known."""
    behind_nat: bool = False

    @property
    def goal(self) -> str:
        """The destination as a person would write it."""
        known = self.resolved and str(self.destination) != self.name
        return f"{self.name}:{self.port}" + (f" ({self.destination})" if known else "")


def subnet_of(vpc: Vpc, address: Address) -> Subnet | None:
    """The subnet whose block has the address."""
    return next((subnet for subnet in vpc.subnets if in_any(address, subnet.cidrs)), None)


def in_any(address: Address, cidrs: tuple[Cidr, ...]) -> bool:
    """Whether a block of the address's own family has it."""
    return any(cidr.version == address.version and address in cidr for cidr in cidrs)


def block_of(subnet: Subnet, version: int) -> Cidr | None:
    """The subnet's block of the IP version."""
    return next((cidr for cidr in subnet.cidrs if cidr.version == version), None)


def is_for_tcp(rule: AclRule | GroupRule, port: int) -> bool:
    """Whether the rule is about TCP to the port."""
    return rule.protocol == "all" or (rule.protocol == "tcp" and port in rule.ports)
