"""Each analysis is news once: when it has ended."""

from datetime import UTC, datetime, timedelta

from rds_enrollment.api.diagnostics import AnalysisState, ReachabilityAnalysis
from rds_enrollment.plan.deployment.news import ended_analyses

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


def analysis(number: int, state: AnalysisState) -> ReachabilityAnalysis:
    return ReachabilityAnalysis(id=f"nia-{number}", started_at=BEGIN + timedelta(minutes=number), state=state)


def test_the_end_of_an_analysis_is_news_once() -> None:
    running = [analysis(1, AnalysisState.RUNNING)]
    ended = [analysis(1, AnalysisState.SUCCEEDED)]
    assert ended_analyses([], running) == ()
    assert ended_analyses(running, ended) == tuple(ended)
    assert ended_analyses(ended, ended) == ()


def test_the_first_one_is_told_first_and_a_failure_too() -> None:
    later, earlier = analysis(2, AnalysisState.FAILED), analysis(1, AnalysisState.SUCCEEDED)
    assert ended_analyses([], [later, earlier]) == (earlier, later)
