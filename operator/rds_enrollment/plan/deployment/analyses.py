"""What AWS's Reachability Analyzer was asked: the book that says what was spent, and what is known of which cause.

The status is the book's memory. AWS itself fills a gap: an analysis that was started and not written down before the
operator ended is found by the marks on its path, and counts. Nothing is deleted in AWS before its result is written.
"""

from collections.abc import Mapping
from datetime import UTC, timedelta

from rds_enrollment.api.base import clip
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.diagnostics import (
    EXPLANATION_BYTES,
    MAX_ANALYSES,
    MAX_EXPLANATIONS,
    AnalysisState,
    ReachabilityAnalysis,
)
from rds_enrollment.plan.deployment.databases import databases_part
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.insights import SUCCEEDED, Insights, InsightsAnalysis

CAUSE_TAG = "rds-enrollment.dev/cause"
"""On a path: the digest of the cause that it stands for."""
DAY = timedelta(hours=24)


def book(wanted: WantedDeployment, world: DeploymentWorld) -> tuple[ReachabilityAnalysis, ...]:
    """All analyses that count or tell something, the last first.

    What was found is forgotten once every database is reached, and when the spec or the requested reconcile is new:
    the same cause may be asked about again. That it was paid for is not.
    """
    if not wanted.analyses_per_day and not wanted.analyses:
        return ()
    insights = world.insights
    if not wanted.may_analyze or isinstance(insights, Unseen):
        return tuple(item for item in wanted.analyses if _is_kept(item, wanted, world))
    paths = {path.id for path in insights.paths}
    known = {item.id: item if item.path_id in paths else _without_path(item) for item in wanted.analyses}
    if any(item.cause for item in known.values()) and (wanted.retry or _is_healthy(wanted, world)):
        known = {name: item.model_copy(update={"cause": None}) for name, item in known.items()}
    for analysis in insights.analyses:
        known[analysis.id] = _entry(analysis, insights, known)
    kept = [item for item in known.values() if _is_kept(item, wanted, world)]
    kept.sort(key=lambda item: (item.started_at, item.id), reverse=True)
    return tuple(kept[:MAX_ANALYSES])


def _is_healthy(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    return databases_part(wanted, world, 1).verdict.status is ConditionStatus.TRUE


def _is_kept(item: ReachabilityAnalysis, wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    told = item.cause is not None and wanted.analyses_per_day > 0
    return counts(item, world) or item.path_id is not None or told


def spent(entries: tuple[ReachabilityAnalysis, ...], world: DeploymentWorld) -> int:
    """Analyses within the last 24 hours."""
    return sum(1 for item in entries if counts(item, world))


def counts(item: ReachabilityAnalysis, world: DeploymentWorld) -> bool:
    """Whether it is of the last 24 hours."""
    return item.started_at > world.observed_at - DAY


def _without_path(item: ReachabilityAnalysis) -> ReachabilityAnalysis:
    """Of one whose path is gone; one that had not ended then never will."""
    if item.state is AnalysisState.RUNNING:
        gone = {"state": AnalysisState.FAILED, "explanations": ("It was deleted before it ended.",)}
        return item.model_copy(update={"path_id": None, **gone})
    return item.model_copy(update={"path_id": None})


def _entry(
    analysis: InsightsAnalysis, insights: Insights, known: Mapping[str, ReachabilityAnalysis]
) -> ReachabilityAnalysis:
    """What was written down once stays, apart from how it ends."""
    path = next(item for item in insights.paths if item.id == analysis.path)
    before = known.get(analysis.id)
    succeeded = analysis.status == SUCCEEDED
    words = analysis.explanations if succeeded else tuple(filter(None, (analysis.failure,)))
    state = AnalysisState.SUCCEEDED if succeeded else AnalysisState.FAILED
    return ReachabilityAnalysis(
        id=analysis.id,
        started_at=analysis.started_at.astimezone(UTC).replace(microsecond=0),
        path_id=path.id,
        cause=before.cause if before else path.tags.get(CAUSE_TAG),
        source=path.source,
        destination=path.destination,
        state=state if analysis.ended else AnalysisState.RUNNING,
        reachable=analysis.reachable if succeeded else None,
        explanations=tuple(dict.fromkeys(clip(word, EXPLANATION_BYTES) for word in words[:MAX_EXPLANATIONS])),
    )
