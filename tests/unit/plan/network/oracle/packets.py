"""What travels: a connection between two addresses, and its packets where they cross the edge of a subnet."""

from dataclasses import dataclass

from rds_enrollment.plan.observed.network import Address, PortRange


class DroppedError(Exception):
    """A packet did not arrive; the message is the rule that dropped it."""


class UndocumentedError(Exception):
    """Neither AWS's documentation nor the model's own conventions say what happens."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The network interface that opens the connection, at one concrete address."""

    subnet: str
    groups: frozenset[str]
    address: Address
    public_ip: bool
    ephemeral: PortRange


@dataclass(frozen=True, slots=True)
class Receiver:
    """The far end, at one concrete address."""

    address: Address
    port: int
    service: str = ""
    """The AWS service that answers there, where the question names one."""
    subnet: str = ""
    """Empty unless it is a network interface of the VPC that is known."""
    groups: frozenset[str] = frozenset()

    @property
    def is_interface(self) -> bool:
        return self.subnet != ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A packet at the edge of a subnet. Its destination port may be any of `ports`, and each must pass."""

    subnet: str
    egress: bool
    source: Address
    destination: Address
    ports: PortRange


def only(port: int) -> PortRange:
    return PortRange(port, port)
