"""What AWS's Reachability Analyzer holds of ours."""

from dataclasses import dataclass
from datetime import datetime

from rds_enrollment.plan.observed.aws import Tags

RUNNING, SUCCEEDED = "running", "succeeded"
"""NetworkInsightsAnalysis.Status; the third is failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsPath:
    """ec2:DescribeNetworkInsightsPaths: a question that can be asked."""

    id: str
    source: str
    """Id of a network interface, as is `destination`."""
    destination: str
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsAnalysis:
    """ec2:DescribeNetworkInsightsAnalyses: a question that was asked."""

    id: str
    path: str
    started_at: datetime
    status: str
    failure: str
    """StatusMessage of one that failed."""
    reachable: bool
    explanations: tuple[str, ...]
    """Codes, each with the ids of what it is about."""

    @property
    def ended(self) -> bool:
        return self.status != RUNNING


@dataclass(frozen=True, slots=True)
class Insights:
    """The paths with an owner's mark, and their analyses."""

    paths: tuple[InsightsPath, ...] = ()
    analyses: tuple[InsightsAnalysis, ...] = ()

    def of(self, path: InsightsPath) -> tuple[InsightsAnalysis, ...]:
        """The analyses of a path."""
        return tuple(item for item in self.analyses if item.path == path.id)
