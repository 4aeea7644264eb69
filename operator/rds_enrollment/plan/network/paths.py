"""The way from a deployment's tasks to one database, whose network interfaces RDS does not name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from rds_enrollment.plan.network.checks import explain
from rds_enrollment.plan.network.question import Interface, Source
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.network.verdict import Verdict
from rds_enrollment.plan.observed.network import Address, NetworkInterface, Vpc

RDS_INTERFACE = "RDSNetworkInterface"
"""The description of the interfaces that RDS makes (ec2:DescribeNetworkInterfaces)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A database in the VPC."""

    name: str
    """How a sentence shall call it."""
    endpoint: str
    port: int
    subnets: frozenset[str]
    """Of its subnet group: it is in one of them, and its standby in another."""
    security_groups: frozenset[str]
    addresses: tuple[Address, ...] = ()
    """What the endpoint's name resolves to, where that was asked."""


class Way(StrEnum):
    """What the model says of all the ways from the tasks to a database."""

    OPEN = "open"
    BLOCKED = "blocked"
    AMBIGUOUS = "ambiguous"
    """Its interface is one of several, and the ways to them differ."""


@dataclass(frozen=True, slots=True)
class DatabasePath:
    """`message` says what is in the way and how to open it, or why it is not known; empty when open."""

    target: Target
    way: Way
    message: str = ""


def database_path(vpc: Vpc, sources: Iterable[Source], target: Target) -> DatabasePath:
    """Blocked when there is a subnet from which no interface that the database may have is reached."""
    ends = tuple(_interfaces(vpc, target))
    doubt = ""
    for source in sources:
        verdicts = [reach(vpc, source, end) for end in ends]
        blocked = next((verdict for verdict in verdicts if not verdict.open), None)
        if blocked is None:
            continue
        if all(not verdict.open for verdict in verdicts):
            return DatabasePath(target, Way.BLOCKED, explain(source.subnet, _what(target), blocked))
        doubt = doubt or _doubt(source, target, ends, verdicts)
    return DatabasePath(target, Way.AMBIGUOUS if doubt else Way.OPEN, doubt)


def _interfaces(vpc: Vpc, target: Target) -> Iterator[Interface]:
    """Its interface by its address; else all that look like it; else any place that it may have."""
    seen = [vpc.interface_by_address[item] for item in target.addresses if item in vpc.interface_by_address]
    seen = seen or [item for item in vpc.network_interfaces if _fits(item, target)]
    for item in seen:
        for address in item.addresses[:1]:
            yield Interface(item.id, item.subnet_id, item.security_groups, target.port, address)
    if not seen:
        for subnet_id in sorted(target.subnets & vpc.subnet_by_id.keys()):
            yield Interface(target.name, subnet_id, target.security_groups, target.port)


def _fits(interface: NetworkInterface, target: Target) -> bool:
    return (
        interface.description == RDS_INTERFACE
        and interface.subnet_id in target.subnets
        and interface.security_groups == target.security_groups
    )


def _what(target: Target) -> str:
    return f"database {target.name} ({target.endpoint}:{target.port})"


def _doubt(source: Source, target: Target, ends: Iterable[Interface], verdicts: Iterable[Verdict]) -> str:
    places = ", ".join(
        f"{end.name} in {end.subnet}" for end, verdict in zip(ends, verdicts, strict=True) if not verdict.open
    )
    return (
        f"Whether the {_what(target)} is reached from {source.subnet} is not known: it may be {places}, "
        f"which is not reached."
    )
