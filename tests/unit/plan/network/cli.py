"""What the AWS CLI lines of the model's suggestions do, on values: enough of `aws ec2` to try them out."""

import re
import shlex
from collections.abc import Callable
from dataclasses import replace

from rds_enrollment.plan.observed.network import InternetGatewayBlock, Vpc

from tests.unit.plan.network.dsl import (
    Edit,
    attachment,
    change,
    internet_gateway,
    parse_acl_rule,
    parse_group_rule,
    route,
)

_PERMISSION = re.compile(r"IpProtocol=(\w+),FromPort=(\d+),ToPort=(\d+),\w+=\[\{\w+=([^}]+)\}\]")

Options = dict[str, str]


def run(line: str, vpc: Vpc) -> Vpc:
    """The VPC after the command; fails on commands and options that it does not know."""
    program, service, operation, *words = shlex.split(line)
    assert (program, service) == ("aws", "ec2")
    options = _options(words)
    assert options.pop("region") == vpc.region
    return _COMMANDS[operation](options)(vpc)


def _options(words: list[str]) -> Options:
    options: Options = {}
    while words:
        name = words.pop(0).removeprefix("--")
        options[name] = words.pop(0) if words and not words[0].startswith("--") else ""
    return options


def _authorize(direction: str) -> Callable[[Options], Edit]:
    def command(options: Options) -> Edit:
        match = _PERMISSION.fullmatch(options["ip-permissions"])
        assert match
        rule = parse_group_rule(f"{match[1]} {match[2]}-{match[3]} {match[4]}")

        def edit(vpc: Vpc) -> Vpc:
            old = getattr(vpc.group_by_id[options["group-id"]], direction)
            return change("security_groups", options["group-id"], **{direction: (*old, rule)})(vpc)

        return edit

    return command


def _create_acl_entry(options: Options) -> Edit:
    direction = "out" if "egress" in options else "in"
    first, last = re.findall(r"\d+", options["port-range"])
    cidr = options.get("cidr-block") or options["ipv6-cidr-block"]
    rule = parse_acl_rule(
        f"{direction} {options['rule-number']} {options['rule-action']} {options['protocol']} {first}-{last} {cidr}"
    )

    def edit(vpc: Vpc) -> Vpc:
        (old,) = (item for item in vpc.network_acls if item.id == options["network-acl-id"])
        assert (rule.egress, rule.number) not in {(item.egress, item.number) for item in old.rules}
        return change("network_acls", old.id, rules=(*old.rules, rule))(vpc)

    return edit


def _delete_acl_entry(options: Options) -> Edit:
    key = ("egress" in options, int(options["rule-number"]))

    def edit(vpc: Vpc) -> Vpc:
        (old,) = (item for item in vpc.network_acls if item.id == options["network-acl-id"])
        kept = tuple(rule for rule in old.rules if (rule.egress, rule.number) != key)
        assert len(kept) < len(old.rules)
        return change("network_acls", old.id, rules=kept)(vpc)

    return edit


def _set_route(*, exists: bool) -> Callable[[Options], Edit]:
    def command(options: Options) -> Edit:
        (destination,) = (value for name, value in options.items() if name.startswith("destination-"))
        target = options.get("nat-gateway-id") or options["gateway-id"]

        def edit(vpc: Vpc) -> Vpc:
            (old,) = (item for item in vpc.route_tables if item.id == options["route-table-id"])
            static = {str(item.destination) for item in old.routes if not item.propagated}
            assert (destination in static) == exists
            return route(old.id, f"{destination} {target}")(vpc)

        return edit

    return command


def _exclude(options: Options) -> Edit:
    # An exclusion of egress alone keeps the subnet closed to what comes from the internet.
    bidirectional = options["internet-gateway-exclusion-mode"] == "allow-bidirectional"
    mode = InternetGatewayBlock.OFF if bidirectional else InternetGatewayBlock.INGRESS
    return change("subnets", options["subnet-id"], internet_gateway_block=mode)


def _extend(options: Options) -> Edit:
    def edit(vpc: Vpc) -> Vpc:
        (old,) = (
            item
            for item in vpc.transit_gateway_attachments or ()
            if item.id == options["transit-gateway-attachment-id"]
        )
        grown = replace(old, subnets=old.subnets | {options["add-subnet-ids"]})
        return replace(vpc, transit_gateway_attachments=(grown,))

    return edit


_COMMANDS: dict[str, Callable[[Options], Edit]] = {
    "authorize-security-group-egress": _authorize("egress"),
    "authorize-security-group-ingress": _authorize("ingress"),
    "create-network-acl-entry": _create_acl_entry,
    "delete-network-acl-entry": _delete_acl_entry,
    "create-route": _set_route(exists=False),
    "replace-route": _set_route(exists=True),
    "attach-internet-gateway": lambda options: internet_gateway(options["internet-gateway-id"]),
    "create-vpc-block-public-access-exclusion": _exclude,
    "create-transit-gateway-vpc-attachment": lambda options: attachment(subnets=options["subnet-ids"]),
    "accept-transit-gateway-vpc-attachment": lambda options: change(
        "transit_gateway_attachments", options["transit-gateway-attachment-id"], state="available"
    ),
    "modify-transit-gateway-vpc-attachment": _extend,
    "accept-vpc-peering-connection": lambda options: change(
        "peering_connections", options["vpc-peering-connection-id"], state="active"
    ),
}
