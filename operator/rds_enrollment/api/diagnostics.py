"""What a deployment may spend on finding out why a database is not reached, and what came of it."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from rds_enrollment.api.base import ApiModel, SpecModel
from rds_enrollment.api.rules import list_set
from rds_enrollment.api.types import Text

MAX_ANALYSES: Final = 20
MAX_EXPLANATIONS: Final = 10
EXPLANATION_BYTES: Final = 160


class ReachabilityAnalyzer(StrEnum):
    """When AWS's Reachability Analyzer is asked."""

    DISABLED = "Disabled"
    ON_FAILURE = "OnFailure"


class Diagnostics(SpecModel):
    """What may be spent on finding out why a database is not reached."""

    reachability_analyzer: ReachabilityAnalyzer = ReachabilityAnalyzer.DISABLED
    """Disabled or OnFailure. With OnFailure AWS's Reachability Analyzer is asked when a database is not reached, once
    for each distinct cause; AWS charges for every analysis. Default: Disabled."""
    max_analyses_per_day: Annotated[int, Field(ge=1, le=MAX_ANALYSES)] = 5
    """Most analyses of this deployment within 24 hours, 1 to 20. Default: 5."""


class AnalysisState(StrEnum):
    """How far an analysis is."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class ReachabilityAnalysis(ApiModel):
    """One analysis of AWS's Reachability Analyzer."""

    id: Text
    """Its id in AWS, where it goes once it has ended."""
    started_at: AwareDatetime
    """When it was started, from which it counts for 24 hours."""
    path_id: Text | None = None
    """The path that was analysed, as long as it exists."""
    cause: Annotated[str, Field(max_length=64)] | None = None
    """A digest of the task's and the database's security groups, subnets and port. Not set once the same may be asked
    again."""
    source: Text = ""
    """Network interface of the task."""
    destination: Text = ""
    """Network interface of the database."""
    state: AnalysisState
    """Running, Succeeded or Failed."""
    reachable: bool | None = None
    """What it found, if it succeeded."""
    explanations: Annotated[
        tuple[Annotated[str, Field(max_length=EXPLANATION_BYTES)], ...],
        Field(max_length=MAX_EXPLANATIONS, json_schema_extra=list_set()),
    ] = ()
    """AWS's explanation codes with the resources that they are about, or why it failed."""
