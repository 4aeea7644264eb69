"""What a deployment's pass has found out that no condition's change tells."""

from collections.abc import Sequence

from rds_enrollment.api.diagnostics import AnalysisState, ReachabilityAnalysis


def ended_analyses(
    before: Sequence[ReachabilityAnalysis], after: Sequence[ReachabilityAnalysis]
) -> tuple[ReachabilityAnalysis, ...]:
    """Analyses whose end was not known before, the first one first."""
    known = {item.id for item in before if item.state is not AnalysisState.RUNNING}
    fresh = [item for item in after if item.state is not AnalysisState.RUNNING and item.id not in known]
    return tuple(sorted(fresh, key=lambda item: (item.started_at, item.id)))
