"""AWS EC2: the networks of one account and region, in at most ten calls (of one page each).

Eight listings are always read. The rest of the budget goes to what routes and rules name, the most telling
first; what it does not reach stays unread, which the model knows how to take.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore import xform_name

from rds_enrollment.aws import network_values as values
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.network import (
    NetworkFacts,
    PeeringConnection,
    PrefixList,
    RouteTable,
    SecurityGroup,
    TransitGatewayAttachment,
    Vpc,
)

MAX_CALLS = 10

_INTERFACES: Any = [{"Name": "description", "Values": ["RDSNetworkInterface", "VPC Endpoint Interface *"]}]
"""What RDS and PrivateLink write on their interfaces. A region may have thousands of others."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """One listing of EC2."""

    operation: str
    """As in an IAM policy."""
    member: str
    """Of the answer; each of its entries becomes a value."""
    convert: Callable[[values.Entry], Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    page_size: int = 1000
    """As many entries as EC2 gives at once (EC2 API, the operation's MaxResults)."""

    @property
    def method(self) -> str:
        """The name of boto3's method and paginator."""
        return xform_name(self.operation)


_ALWAYS = {
    "subnets": _Listing("DescribeSubnets", "Subnets", values.subnet),
    "route_tables": _Listing("DescribeRouteTables", "RouteTables", values.route_table, page_size=100),
    "network_acls": _Listing("DescribeNetworkAcls", "NetworkAcls", values.network_acl),
    "security_groups": _Listing("DescribeSecurityGroups", "SecurityGroups", values.security_group),
    "internet_gateways": _Listing("DescribeInternetGateways", "InternetGateways", values.internet_gateway),
    "nat_gateways": _Listing("DescribeNatGateways", "NatGateways", values.nat_gateway),
    "endpoints": _Listing("DescribeVpcEndpoints", "VpcEndpoints", values.vpc_endpoint),
    "network_interfaces": _Listing(
        "DescribeNetworkInterfaces", "NetworkInterfaces", values.network_interface, {"Filters": _INTERFACES}
    ),
}
"""By the field of Vpc that they fill."""

_PREFIX_LISTS = _Listing("DescribePrefixLists", "PrefixLists", values.prefix_list)
_ATTACHMENTS = _Listing(
    "DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", values.transit_gateway_attachment
)
_PEERINGS = _Listing("DescribeVpcPeeringConnections", "VpcPeeringConnections", values.peering_connection)
_ENTRIES = _Listing("GetManagedPrefixListEntries", "Entries", values.prefix_list_entry, page_size=100)


LISTINGS = tuple(_ALWAYS)
"""Those that are always read, none of which needs another one's answer."""


def read_listing(account: AwsAccount, region: str, name: str) -> list[Any]:
    """One of LISTINGS, to its end. Raises Outcome."""
    return _read(account, region, _ALWAYS[name])


def network_facts(account: AwsAccount, region: str, listed: Mapping[str, Iterable[Any]]) -> NetworkFacts:
    """The networks of every VPC that has a subnet.

    Args:
        account: whose.
        region: where.
        listed: all of LISTINGS, as they were read.

    Raises:
        Outcome: a read failed. Half of a network would be judged wrongly.
    """
    own = account.identity().account
    reader = _Reader(account, region)
    read = {name: _by_vpc(items) for name, items in listed.items()}
    named = _named(read["route_tables"], read["security_groups"])
    aws_lists = _aws_prefix_lists(reader, named)
    attachments = _where_named(reader, _ATTACHMENTS, "tgw-", named)
    peerings = _where_named(reader, _PEERINGS, "pcx-", named)
    lists = _with_entries(reader, aws_lists, named)
    vpcs = {
        vpc_id: Vpc(
            id=vpc_id,
            region=region,
            shared=any(subnet.owner not in ("", own) for subnet in subnets),
            transit_gateway_attachments=_attached(attachments, vpc_id),
            peering_connections=_peered(peerings, vpc_id),
            prefix_lists=lists,
            **_of_vpc(read, vpc_id),
        )
        for vpc_id, subnets in read["subnets"].items()
    }
    return NetworkFacts(own, region, vpcs)


class _Reader:
    """Reads listings, each to its end, within what LISTINGS leave of the budget."""

    def __init__(self, account: AwsAccount, region: str) -> None:
        self._account = account
        self._region = region
        self._left = MAX_CALLS - len(LISTINGS)

    def may_read(self) -> bool:
        """Whether the budget has a call left."""
        return self._left > 0

    def read(self, listing: _Listing, **arguments: Any) -> list[Any]:
        """The values of all entries; `arguments` are added to the listing's own."""
        self._left -= 1
        return _read(self._account, self._region, listing, **arguments)


def _read(account: AwsAccount, region: str, listing: _Listing, **arguments: Any) -> list[Any]:
    with translated(f"ec2:{listing.operation}", f"the networks of {region}"):
        # Typed as Any: the stubs know paginators by literal name only.
        client: Any = account.client("ec2", region)
        pages = client.get_paginator(listing.method).paginate(
            **listing.arguments, **arguments, PaginationConfig={"PageSize": listing.page_size}
        )
        return [listing.convert(entry) for page in pages for entry in page[listing.member]]


def _by_vpc(items: Iterable[Any]) -> defaultdict[str, list[Any]]:
    grouped: defaultdict[str, list[Any]] = defaultdict(list)
    for item in items:
        grouped[item.vpc_id].append(item)
    return grouped


def _of_vpc(read: Mapping[str, Mapping[str, list[Any]]], vpc_id: str) -> dict[str, Any]:
    """By field of Vpc."""
    return {name: tuple(items.get(vpc_id, ())) for name, items in read.items()}


def _named(
    tables: Mapping[str, Iterable[RouteTable]], groups: Mapping[str, Iterable[SecurityGroup]]
) -> frozenset[str]:
    """Everything that routes and rules name, by id."""
    routes = (route for items in tables.values() for table in items for route in table.routes)
    of_routes = (name for route in routes for name in (route.target, route.destination))
    rules = (rule for items in groups.values() for group in items for rule in (*group.ingress, *group.egress))
    of_rules = (rule.peer for rule in rules)
    return frozenset(name for names in (of_routes, of_rules) for name in names if isinstance(name, str))


def _where_named(reader: _Reader, listing: _Listing, prefix: str, named: frozenset[str]) -> list[Any] | None:
    """The listing; nothing where no id of `named` is of its kind; None where the budget is used up."""
    if not any(name.startswith(prefix) for name in named):
        return []
    return reader.read(listing) if reader.may_read() else None


def _attached(
    items: list[TransitGatewayAttachment] | None, vpc_id: str
) -> tuple[TransitGatewayAttachment, ...] | None:
    return None if items is None else tuple(item for item in items if item.vpc_id == vpc_id)


def _peered(items: list[PeeringConnection] | None, vpc_id: str) -> tuple[PeeringConnection, ...] | None:
    return None if items is None else tuple(item for item in items if vpc_id in item.cidrs)


def _aws_prefix_lists(reader: _Reader, named: frozenset[str]) -> list[PrefixList]:
    """Those of AWS services, all in one call; the filter keeps lists out that nothing names."""
    ids = _prefix_list_ids(named)
    if not ids:
        return []
    return reader.read(_PREFIX_LISTS, Filters=[{"Name": "prefix-list-id", "Values": ids}])


def _with_entries(reader: _Reader, lists: list[PrefixList], named: frozenset[str]) -> tuple[PrefixList, ...]:
    """Adds the lists of customers, and the entries that the listing of AWS's did not tell: a call each."""
    told = {item.id: item for item in lists}
    complete = [item for item in lists if item.cidrs]
    for list_id in _prefix_list_ids(named):
        known = told.get(list_id, PrefixList(list_id, list_id, ()))
        if not known.cidrs and reader.may_read():
            complete.append(replace(known, cidrs=tuple(reader.read(_ENTRIES, PrefixListId=list_id))))
    return tuple(complete)


def _prefix_list_ids(named: frozenset[str]) -> list[str]:
    return sorted(name for name in named if name.startswith("pl-"))
