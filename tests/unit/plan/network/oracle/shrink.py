"""Makes a VPC on which two judges disagree smaller, as long as they go on to disagree."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from rds_enrollment.plan.observed.network import LOCAL, Vpc

_WHOLE = ("internet_gateways", "nat_gateways", "endpoints", "prefix_lists", "network_interfaces")
_RULES = (("network_acls", "rules"), ("security_groups", "ingress"), ("security_groups", "egress"))


def shrink(vpc: Vpc, still_wrong: Callable[[Vpc], bool]) -> Vpc:
    """Subnets, tables, ACLs and groups stay; what is in them goes, one by one."""
    for smaller in _smaller(vpc):
        if still_wrong(smaller):
            return shrink(smaller, still_wrong)
    return vpc


def describe(vpc: Vpc) -> str:
    """One line for each thing in it."""
    lines = []
    for name in ("subnets", "route_tables", "network_acls", "security_groups", *_WHOLE):
        lines += [f"  {item}" for item in getattr(vpc, name)]
    lines += [f"  {item}" for item in (vpc.transit_gateway_attachments, vpc.peering_connections) if item]
    return "\n".join([f"  shared={vpc.shared}", *lines])


def _smaller(vpc: Vpc) -> Iterator[Vpc]:
    for name in _WHOLE:
        for rest in _without_one(getattr(vpc, name)):
            yield _with(vpc, name, rest)
    for owners, name in _RULES:
        yield from _inside(vpc, owners, name, lambda _item: True)
    yield from _inside(vpc, "route_tables", "routes", lambda route: route.target != LOCAL)


def _inside(vpc: Vpc, owners: str, name: str, removable: Callable[[Any], bool]) -> Iterator[Vpc]:
    items = getattr(vpc, owners)
    for index, owner in enumerate(items):
        for position, item in enumerate(getattr(owner, name)):
            if removable(item):
                kept = getattr(owner, name)
                smaller = _with(owner, name, kept[:position] + kept[position + 1 :])
                yield _with(vpc, owners, (*items[:index], smaller, *items[index + 1 :]))


def _without_one(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for index in range(len(items)):
        yield items[:index] + items[index + 1 :]


def _with(value: Any, name: str, replacement: object) -> Any:
    return replace(value, **{name: replacement})
