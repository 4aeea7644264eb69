"""AWS's Reachability Analyzer, which moto lacks: paths between network interfaces of one VPC, and their analyses. An
analysis judges the simulated network as it is when the analysis ends.

Sources: Amazon EC2 API Reference, CreateNetworkInsightsPath, StartNetworkInsightsAnalysis; Reachability Analyzer guide,
"Explanation codes". Error codes as the AWS provider of Terraform knows them.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from hack.sandbox.aws.network import Direction, Peer, VpcNetwork

Explanation = Mapping[str, Any]


@dataclass
class Analyzer:
    """How analyses go, in every account and region."""

    duration: timedelta = timedelta(milliseconds=100)
    held: bool = False
    """Whether none ends."""


@dataclass(frozen=True)
class Path:
    id: str
    source: str
    destination: str
    port: int
    tags: Mapping[str, str]
    created_at: datetime


@dataclass
class Analysis:
    id: str
    path: Path
    tags: Mapping[str, str]
    started_at: datetime
    explanations: tuple[Explanation, ...] | None = None
    """None while it runs."""


@dataclass
class Insights:
    """Those of one account and region."""

    paths: dict[str, Path] = field(default_factory=dict)
    analyses: dict[str, Analysis] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Ids of what was made, by client token."""

    def create_path(
        self,
        interfaces: Mapping[str, Any],
        ends: tuple[str, str],
        port: int,
        tags: Mapping[str, str],
        token: str,
    ) -> Path:
        """Raises EC2ClientError: there is no such interface."""
        if token in self.tokens and self.tokens[token] in self.paths:
            return self.paths[self.tokens[token]]
        for interface in ends:
            if interface not in interfaces:
                message = f"The networkInterface ID '{interface}' does not exist"
                raise EC2ClientError("InvalidNetworkInterfaceID.NotFound", message)
        path = Path(_new_id("nip"), *ends, port, tags, datetime.now(UTC))
        self.paths[path.id] = path
        self.tokens[token] = path.id
        return path

    def start(self, path_id: str, tags: Mapping[str, str], token: str) -> Analysis:
        """Raises EC2ClientError: there is no such path."""
        if token in self.tokens and self.tokens[token] in self.analyses:
            return self.analyses[self.tokens[token]]
        made = Analysis(_new_id("nia"), self.path(path_id), tags, datetime.now(UTC))
        self.analyses[made.id] = made
        self.tokens[token] = made.id
        return made

    def path(self, path_id: str) -> Path:
        """Raises EC2ClientError: there is no such path."""
        if path_id not in self.paths:
            raise EC2ClientError("InvalidNetworkInsightsPathId.NotFound", f"{path_id} does not exist")
        return self.paths[path_id]

    def delete_path(self, path_id: str) -> None:
        """Raises EC2ClientError: there is no such path, or it has analyses."""
        if any(item.path.id == path_id for item in self.analyses.values()):
            raise EC2ClientError("AnalysisExistsForNetworkInsightsPath", f"{path_id} has analyses")
        del self.paths[self.path(path_id).id]

    def delete_analysis(self, analysis_id: str) -> None:
        """Raises EC2ClientError: there is no such analysis."""
        if self.analyses.pop(analysis_id, None) is None:
            code = "InvalidNetworkInsightsAnalysisId.NotFound"
            raise EC2ClientError(code, f"{analysis_id} does not exist")

    def advance(self, analyzer: Analyzer, network: VpcNetwork, interfaces: Mapping[str, Any]) -> None:
        """End the analyses that are due."""
        due = datetime.now(UTC) - analyzer.duration
        for analysis in self.analyses.values():
            if analysis.explanations is None and not analyzer.held and analysis.started_at <= due:
                source, destination = (
                    interfaces.get(end) for end in (analysis.path.source, analysis.path.destination)
                )
                analysis.explanations = tuple(_obstacles(network, source, destination, analysis.path.port))


def _new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def _obstacles(
    network: VpcNetwork, source: NetworkInterface | None, target: NetworkInterface | None, port: int
) -> Iterator[Explanation]:
    """What is in the way from one interface to another."""
    if source is None or target is None:
        yield {"ExplanationCode": "NO_SOURCE_OR_DESTINATION"}
        return
    here, there = _peer(source), _peer(target)
    if not network.groups_allow(here.security_groups, "egress", there, port):
        yield _of_groups(source, here, "egress")
    if source.subnet.id != target.subnet.id:
        if not network.acl_allows_exchange(source.subnet.id, there.address, port):
            yield _of_acl(network, source, "egress")
        if not network.acl_allows_exchange(target.subnet.id, here.address, port, inbound=True):
            yield _of_acl(network, target, "ingress")
    if not network.groups_allow(there.security_groups, "ingress", here, port):
        yield _of_groups(target, there, "ingress")


def _peer(interface: NetworkInterface) -> Peer:
    groups = tuple(str(group.id) for group in interface.group_set)
    return Peer(IPv4Address(str(interface.private_ip_address)), groups)


def _of_groups(interface: NetworkInterface, peer: Peer, direction: Direction) -> Explanation:
    return {
        "ExplanationCode": "ENI_SG_RULES_MISMATCH",
        "Direction": direction,
        "NetworkInterface": {"Id": interface.id},
        "SecurityGroups": [{"Id": group} for group in peer.security_groups],
    }


def _of_acl(network: VpcNetwork, interface: NetworkInterface, direction: Direction) -> Explanation:
    subnet = interface.subnet.id
    return {
        "ExplanationCode": "SUBNET_ACL_RESTRICTION",
        "Direction": direction,
        "Acl": {"Id": network.network_acl_id(subnet)},
        "Subnet": {"Id": subnet},
    }
