"""AWS's Reachability Analyzer, where the spec lets it be asked: one cause at a time, within the budget of a day, and
what was made for it removed."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from rds_enrollment.api.base import clip
from rds_enrollment.api.conditions import MESSAGE_BYTES, ConditionStatus
from rds_enrollment.api.diagnostics import AnalysisState, ReachabilityAnalysis
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.analyses import CAUSE_TAG, book, spent
from rds_enrollment.plan.deployment.questions import Question, questions
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.insights import Insights, InsightsPath
from rds_enrollment.plan.outcome import Scheduled
from rds_enrollment.plan.part import Part, progressing, removed, unseen, writing
from rds_enrollment.plan.steps.insights import (
    CreateNetworkInsightsPath,
    DeleteNetworkInsightsAnalysis,
    DeleteNetworkInsightsPath,
    InsightsStep,
    StartNetworkInsightsAnalysis,
)

_CONDITION = ConditionType.DATABASES_REACHABLE
_LOOK_AGAIN_SECONDS = 5.0
"""An analysis takes about a minute. One that has ended is written down first and goes with the next look."""
_FINDING_BYTES = 320


def wants_insights(wanted: WantedDeployment) -> bool:
    """Whether there may be something of ours to see at the analyzer."""
    if not wanted.may_analyze:
        return False
    return wanted.analyses_per_day > 0 or any(item.path_id for item in wanted.analyses)


def analyzed(wanted: WantedDeployment, world: DeploymentWorld, part: Part) -> Part:
    """The part about the databases, with what the analyzer found, and what it is to be asked next."""
    if not wants_insights(wanted):
        return part
    if isinstance(world.insights, Unseen):
        return _told(part, world.insights.outcome.message if world.insights.outcome else "")
    entries = book(wanted, world)
    failing = part.verdict.status is not ConditionStatus.TRUE and wanted.analyses_per_day > 0
    asked = questions(wanted, world) if failing else ()
    steps = tuple(_steps(wanted, world, world.insights, entries, asked))
    pending = [item for item in world.insights.analyses if item.id not in _written(wanted)]
    wait = Scheduled(Reason.IN_PROGRESS, "An analysis is under way.", after=_LOOK_AGAIN_SECONDS)
    found = _finding(wanted, world, entries, asked)
    return replace(_told(part, found), steps=steps, stands=True, outcome=wait if pending else part.outcome)


def analyses_removal(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """The end of all paths and analyses; one that is under way ends first."""
    insights = world.insights
    if isinstance(insights, Unseen):
        return unseen(_CONDITION, insights, attempts)
    if any(not analysis.ended for analysis in insights.analyses):
        return progressing(_CONDITION, Reason.DELETING, "AWS's Reachability Analyzer is still at work.")
    steps = [step for path in insights.paths for step in insights_removal(wanted.region, insights, path)]
    if not steps:
        return removed(_CONDITION, "No network insights path of this object is left.")
    return writing(_CONDITION, *steps)


def insights_removal(region: str, insights: Insights, path: InsightsPath) -> tuple[InsightsStep, ...]:
    """The steps that delete a path: its analyses go before."""
    analyses = (
        DeleteNetworkInsightsAnalysis(condition=_CONDITION, region=region, analysis=item.id)
        for item in insights.of(path)
    )
    return (*analyses, DeleteNetworkInsightsPath(condition=_CONDITION, region=region, path=path.id))


def _steps(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    insights: Insights,
    entries: tuple[ReachabilityAnalysis, ...],
    asked: tuple[Question, ...],
) -> Iterator[InsightsStep]:
    """What is done with goes; then the next cause is asked about."""
    question = _next(wanted, world, entries, asked)
    busy = False
    for path in insights.paths:
        if insights.of(path):
            busy = True
            if all(item.id in _written(wanted) for item in insights.of(path)):
                yield from insights_removal(wanted.region, insights, path)
        elif question is not None and not busy and _asks(path, question, wanted):
            busy = True
            yield StartNetworkInsightsAnalysis(
                condition=_CONDITION, region=wanted.region, path=path.id, tags=wanted.tags
            )
        else:
            yield from insights_removal(wanted.region, insights, path)
    if question is not None and not insights.paths:
        yield CreateNetworkInsightsPath(
            condition=_CONDITION,
            region=wanted.region,
            source=question.source,
            destination=question.destination,
            port=question.port,
            tags={**wanted.tags, CAUSE_TAG: question.cause},
            token=_token(wanted, question, entries),
        )


def _next(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    entries: tuple[ReachabilityAnalysis, ...],
    asked: tuple[Question, ...],
) -> Question | None:
    """The first cause that nothing is known of, while the day's budget lasts."""
    if spent(entries, world) >= wanted.analyses_per_day:
        return None
    known = {item.cause for item in entries}
    return next((item for item in asked if item.cause not in known), None)


def _asks(path: InsightsPath, question: Question, wanted: WantedDeployment) -> bool:
    """Whether a path without an analysis is this question; one whose analysis is deleted was asked."""
    was_asked = any(item.path_id == path.id for item in wanted.analyses)
    ends = (path.source, path.destination) == (question.source, question.destination)
    return ends and path.tags.get(CAUSE_TAG) == question.cause and not was_asked


def _token(wanted: WantedDeployment, question: Question, entries: tuple[ReachabilityAnalysis, ...]) -> str:
    """The same until the question was answered: an answer that was lost makes no second path."""
    before = sorted(item.id for item in entries)
    text = "/".join((wanted.owner.mark, question.cause, question.source, question.destination, *before))
    return sha256(text.encode()).hexdigest()


def _written(wanted: WantedDeployment) -> frozenset[str]:
    """Ids of analyses whose end is in the status."""
    return frozenset(item.id for item in wanted.analyses if item.state is not AnalysisState.RUNNING)


def _finding(
    wanted: WantedDeployment,
    world: DeploymentWorld,
    entries: tuple[ReachabilityAnalysis, ...],
    asked: tuple[Question, ...],
) -> str:
    """What is known of the first cause of which something is, or why nothing is."""
    by_cause = {item.cause: item for item in reversed(entries)}
    known = [by_cause[item.cause] for item in asked if item.cause in by_cause]
    if known:
        return analysis_words(
            next((item for item in known if item.state is not AnalysisState.RUNNING), known[0])
        )
    if asked and spent(entries, world) >= wanted.analyses_per_day:
        most = wanted.analyses_per_day
        return (
            f"AWS's Reachability Analyzer is not asked: maxAnalysesPerDay ({most}) are spent within 24 hours."
        )
    return ""


def analysis_words(item: ReachabilityAnalysis) -> str:
    """What an analysis is at, or found, for people."""
    asked = f"AWS's Reachability Analyzer, asked at {item.started_at:%Y-%m-%dT%H:%MZ}"
    way = f"from {item.source} to {item.destination}"
    said = ", ".join(item.explanations)
    if item.state is AnalysisState.RUNNING:
        return f"{asked} of the way {way}, is at work."
    if item.state is AnalysisState.FAILED:
        return f"{asked} of the way {way}, failed: {said or 'it does not say why'}."
    if item.reachable:
        return f"{asked}, finds the way {way} open: see whether the database itself takes connections."
    return f"{asked}, finds no way {way}: {said}."


def _told(part: Part, found: str) -> Part:
    """What was found goes behind what is said anyway, and is what gives way."""
    if not found:
        return part
    verdict = part.verdict
    room = MESSAGE_BYTES - _FINDING_BYTES - len(" ()")
    message = f"{clip(verdict.message, room)} ({clip(found, _FINDING_BYTES)})"
    return replace(part, verdict=replace(verdict, message=message))
