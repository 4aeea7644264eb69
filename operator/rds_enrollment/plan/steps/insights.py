"""Writes to AWS's Reachability Analyzer, named after the EC2 API operation that each one is."""

from collections.abc import Mapping
from dataclasses import dataclass

from rds_enrollment.plan.steps.aws import AwsStep


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsStep(AwsStep):
    """It changes nothing of what is wanted, and finds out something about it."""

    @property
    def restores(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetworkInsightsPath(InsightsStep):
    """ec2:CreateNetworkInsightsPath over TCP, between two network interfaces. A path costs nothing."""

    source: str
    destination: str
    port: int
    tags: Mapping[str, str]
    token: str
    """Of one wish: EC2 makes one path for it, however often it is told."""

    @property
    def target(self) -> str:
        return f"network insights path from {self.source} to {self.destination}, tcp {self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartNetworkInsightsAnalysis(InsightsStep):
    """ec2:StartNetworkInsightsAnalysis, which AWS charges for. A path is analysed once: its id is the client token."""

    path: str
    tags: Mapping[str, str]

    @property
    def target(self) -> str:
        return f"analysis of network insights path {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNetworkInsightsAnalysis(InsightsStep):
    """ec2:DeleteNetworkInsightsAnalysis. A path goes after its analyses."""

    analysis: str

    @property
    def target(self) -> str:
        return f"network insights analysis {self.analysis}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNetworkInsightsPath(InsightsStep):
    """ec2:DeleteNetworkInsightsPath."""

    path: str

    @property
    def target(self) -> str:
        return f"network insights path {self.path}"
