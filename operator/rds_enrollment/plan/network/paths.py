"""The way from a deployment's tasks to one database, whose network interfaces RDS does not name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

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


def database_paths(
    vpc: Vpc, sources: Iterable[Source], targets: Iterable[Target]
) -> tuple[DatabasePath, ...]:
    """The way to each of `targets`, in their order. Databases that look alike may have each other's interfaces: the
    way to an interface is judged once for all of them."""
    ways = _ways(vpc, tuple(sources))
    return tuple(ways.to(target) for target in targets)


@dataclass(frozen=True, slots=True)
class Connection:
    """One single way: from an interface of a task to one that the database may have."""

    source: Source
    end: Interface
    verdict: Verdict


def telling_connections(
    vpc: Vpc, sources: Iterable[Source], targets: Iterable[Target]
) -> Iterator[tuple[Target, Connection]]:
    """Of each target that has any, the first single way that is blocked, or else the first."""
    ways = _ways(vpc, tuple(sources))
    for target in targets:
        found = tuple(ways.connections(target))
        if found:
            yield target, next((item for item in found if not item.verdict.open), found[0])


@dataclass(frozen=True, slots=True)
class _Judged:
    """The interfaces that a database may have, and whether they are reached from each source."""

    ends: tuple[Interface, ...]
    verdicts: tuple[tuple[Source, tuple[Verdict, ...]], ...]


class _Ways:
    """What all questions about the databases of one VPC share."""

    def __init__(self, vpc: Vpc, sources: Sequence[Source]) -> None:
        self._vpc = vpc
        self._sources = sources
        self._of_lookalikes = cache(self._judge_lookalikes)

    def to(self, target: Target) -> DatabasePath:
        """Blocked when there is a subnet from which no interface that the database may have is reached."""
        judged = self._judged(target)
        doubt = ""
        for source, verdicts in judged.verdicts:
            blocked = next((verdict for verdict in verdicts if not verdict.open), None)
            if blocked is None:
                continue
            if all(not verdict.open for verdict in verdicts):
                return DatabasePath(target, Way.BLOCKED, explain(source.subnet, _what(target), blocked))
            doubt = doubt or _doubt(source, target, judged.ends, verdicts)
        return DatabasePath(target, Way.AMBIGUOUS if doubt else Way.OPEN, doubt)

    def connections(self, target: Target) -> Iterator[Connection]:
        """Each from one source to one interface."""
        judged = self._judged(target)
        for source, verdicts in judged.verdicts:
            for end, verdict in zip(judged.ends, verdicts, strict=True):
                yield Connection(source, end, verdict)

    def _judged(self, target: Target) -> _Judged:
        """Its interface by its address; else all that look like it; else any place that it may have."""
        known = self._vpc.interface_by_address
        own = [known[item] for item in target.addresses if item in known]
        if own:
            return self._judge(_ends(own, target.port))
        judged = self._of_lookalikes(target.subnets, target.security_groups, target.port)
        if judged.ends:
            return judged
        subnets = sorted(target.subnets & self._vpc.subnet_by_id.keys())
        return self._judge(
            Interface(target.name, subnet, target.security_groups, target.port) for subnet in subnets
        )

    def _judge_lookalikes(self, subnets: frozenset[str], groups: frozenset[str], port: int) -> _Judged:
        alike = (
            interface
            for interface in self._vpc.network_interfaces
            if interface.description == RDS_INTERFACE
            and interface.subnet_id in subnets
            and interface.security_groups == groups
        )
        return self._judge(_ends(alike, port))

    def _judge(self, ends: Iterable[Interface]) -> _Judged:
        ends = tuple(ends)
        verdicts = (
            (source, tuple(reach(self._vpc, source, end) for end in ends)) for source in self._sources
        )
        return _Judged(ends, tuple(verdicts))


def _ways(vpc: Vpc, sources: tuple[Source, ...]) -> _Ways:
    """Judged once for all looks at the same facts: a pass asks several times, and facts stay for a resync."""
    return vpc.judged_once((_Ways, sources), lambda: _Ways(vpc, sources))


def _ends(interfaces: Iterable[NetworkInterface], port: int) -> Iterator[Interface]:
    for item in interfaces:
        for address in item.addresses[:1]:
            yield Interface(item.id, item.subnet_id, item.security_groups, port, address)


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
