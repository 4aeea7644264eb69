"""The smallest change that removes a blocker: a sentence, and the AWS CLI line where one command does it.

Commands follow the AWS CLI Command Reference, `aws ec2`. Those on routes are in `route_changes`.
"""

from collections.abc import Iterable

from rds_enrollment.plan.network.packet import Leg, block_of, subnet_of
from rds_enrollment.plan.network.space import everything, host_block, is_public
from rds_enrollment.plan.network.verdict import Change
from rds_enrollment.plan.observed.network import (
    LAST_RULE_NUMBER,
    AclRule,
    Address,
    Cidr,
    NetworkAcl,
    PortRange,
    TransitGatewayAttachment,
    Vpc,
)
from rds_enrollment.plan.shell import command_line

_RULE_STEP = 10


def ec2(vpc: Vpc, *words: str) -> str:
    """One AWS CLI line, in the region of the VPC."""
    region = ("--region", vpc.region) if vpc.region else ()
    return command_line("aws", "ec2", *words, *region)


def authorize_ingress(region: str, group: str, port: int, source: str) -> str:
    """The AWS CLI line that lets one group in to another."""
    permission = f"IpProtocol=tcp,FromPort={port},ToPort={port},UserIdGroupPairs=[{{GroupId={source}}}]"
    words = ("--region", region, "--group-id", group, "--ip-permissions", permission)
    return command_line("aws", "ec2", "authorize-security-group-ingress", *words)


def choose(sentence: str) -> Change:
    """A change that is a person's decision, not a command."""
    return Change(sentence)


def allow_egress(leg: Leg, group: str, peers: frozenset[str]) -> Change:
    """An outbound rule: to one of the destination's groups, or else to its addresses."""
    peer = min(peers) if peers else str(_neighbourhood(leg.vpc, leg.destination))
    return Change(
        f"Add an outbound rule to {group}: tcp {leg.port} to {peer}.",
        ec2(
            leg.vpc,
            "authorize-security-group-egress",
            "--group-id",
            group,
            *_permission(leg, peer, bool(peers)),
        ),
    )


def allow_ingress(leg: Leg, group: str, peers: frozenset[str]) -> Change:
    """An inbound rule: from one of the source's groups, or else from its subnet."""
    peer = min(peers) if peers else str(block_of(leg.subnet, leg.destination.version))
    return Change(
        f"Add an inbound rule to {group}: tcp {leg.port} from {peer}.",
        ec2(
            leg.vpc,
            "authorize-security-group-ingress",
            "--group-id",
            group,
            *_permission(leg, peer, bool(peers)),
        ),
    )


def _permission(leg: Leg, peer: str, is_group: bool) -> tuple[str, str]:
    if is_group:
        ranges = f"UserIdGroupPairs=[{{GroupId={peer}}}]"
    elif leg.destination.version == 4:
        ranges = f"IpRanges=[{{CidrIp={peer}}}]"
    else:
        ranges = f"Ipv6Ranges=[{{CidrIpv6={peer}}}]"
    return "--ip-permissions", f"IpProtocol=tcp,FromPort={leg.port},ToPort={leg.port},{ranges}"


def allow_in_acl(
    leg: Leg,
    acl: NetworkAcl,
    rules: Iterable[AclRule],
    denying: AclRule | None,
    peer: Address,
    ports: PortRange,
    *,
    egress: bool,
) -> Change:
    """An entry before the one that denies (after all others for the final deny), or that one's end.

    Args:
        rules: the entries of `acl` in the direction.
        denying: the entry that decided, None for the final deny.
    """
    direction = "--egress" if egress else "--ingress"
    number = _free_number([rule.number for rule in rules], denying)
    if number is None and denying is not None:
        return Change(
            f"Delete {'outbound' if egress else 'inbound'} rule {denying.number} of {acl.id}.",
            ec2(
                leg.vpc,
                *("delete-network-acl-entry", "--network-acl-id", acl.id, direction),
                *("--rule-number", str(denying.number)),
            ),
        )
    block = _neighbourhood(leg.vpc, peer)
    return Change(
        f"Add {'outbound' if egress else 'inbound'} rule {number} to {acl.id}: allow tcp {ports} "
        f"{'to' if egress else 'from'} {block}.",
        ec2(
            leg.vpc,
            *(
                "create-network-acl-entry",
                "--network-acl-id",
                acl.id,
                direction,
                "--rule-number",
                str(number),
            ),
            *("--protocol", "tcp", "--port-range", f"From={ports.first},To={ports.last}"),
            *("--rule-action", "allow", *_block_option(block)),
        ),
    )


def _free_number(taken: list[int], denying: AclRule | None) -> int | None:
    if denying is not None and denying.number <= LAST_RULE_NUMBER:
        return next((number for number in range(denying.number - 1, 0, -1) if number not in taken), None)
    after_all = max((number for number in taken if number <= LAST_RULE_NUMBER), default=0) + _RULE_STEP
    if after_all <= LAST_RULE_NUMBER:
        return after_all
    return next((number for number in range(LAST_RULE_NUMBER, 0, -1) if number not in taken), None)


def _block_option(block: Cidr) -> tuple[str, str]:
    return ("--cidr-block" if block.version == 4 else "--ipv6-cidr-block"), str(block)


def _neighbourhood(vpc: Vpc, address: Address) -> Cidr:
    """What a rule should name instead of one address: all of the internet, whose hosts move, or the subnet."""
    if is_public(address):
        return everything(address.version)
    subnet = subnet_of(vpc, address)
    block = block_of(subnet, address.version) if subnet else None
    return block or host_block(address)


def ask_for_public_address(leg: Leg) -> Change:
    """ECS gives public addresses per service (Amazon ECS API, AwsVpcConfiguration.assignPublicIp)."""
    if leg.behind_nat:
        return choose("Use a public NAT gateway.")
    return choose(
        f"Let the tasks ask for a public IP address, or use subnets that reach the internet through a NAT "
        f"gateway instead of {leg.subnet.id}."
    )


def exclude_from_public_access_block(leg: Leg, *, direct: bool) -> Change:
    """EC2 API, CreateVpcBlockPublicAccessExclusion: allow-egress is for NAT and egress-only gateways."""
    mode = "allow-bidirectional" if direct else "allow-egress"
    return Change(
        f"Exclude {leg.subnet.id} from VPC Block Public Access ({mode}).",
        ec2(
            leg.vpc,
            *("create-vpc-block-public-access-exclusion", "--subnet-id", leg.subnet.id),
            *("--internet-gateway-exclusion-mode", mode),
        ),
    )


def attach_transit_gateway(leg: Leg, gateway: str, attachment: TransitGatewayAttachment | None) -> Change:
    """An attachment of the VPC, or the acceptance of one that waits for it."""
    if attachment is None:
        return Change(
            f"Attach {gateway} to {leg.vpc.id} in {leg.subnet.id}.",
            ec2(
                leg.vpc,
                *("create-transit-gateway-vpc-attachment", "--transit-gateway-id", gateway),
                *("--vpc-id", leg.vpc.id, "--subnet-ids", leg.subnet.id),
            ),
        )
    if attachment.state == "pendingAcceptance":
        return Change(
            f"Accept {attachment.id} in the account that owns {gateway}.",
            ec2(
                leg.vpc,
                "accept-transit-gateway-vpc-attachment",
                "--transit-gateway-attachment-id",
                attachment.id,
            ),
        )
    return choose(f"Make {attachment.id} available again, or attach {gateway} to {leg.vpc.id} anew.")


def extend_attachment(leg: Leg, attachment: TransitGatewayAttachment) -> Change:
    """A subnet of the missing Availability Zone in the attachment."""
    return Change(
        f"Add {leg.subnet.id} to {attachment.id}.",
        ec2(
            leg.vpc,
            *("modify-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", attachment.id),
            *("--add-subnet-ids", leg.subnet.id),
        ),
    )


def activate_peering(leg: Leg, peering: str, state: str) -> Change:
    """Amazon VPC Peering Guide, "VPC peering connection lifecycle": only what is pending can become active."""
    if state != "pending-acceptance":
        return choose(f"Create a new peering connection and route to it instead of {peering}.")
    return Change(
        f"Accept {peering} in the account of the peer VPC.",
        ec2(leg.vpc, "accept-vpc-peering-connection", "--vpc-peering-connection-id", peering),
    )


def replace_endpoint(endpoint: str) -> Change:
    """Endpoints that failed or were rejected are replaced (AWS PrivateLink Guide, "Gateway endpoints")."""
    return choose(f"Wait until {endpoint} is available, or create a new one and route to it.")
