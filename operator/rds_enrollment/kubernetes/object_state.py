"""What the metrics say of one object: read from the object as the watch delivered it, status included."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.runtime.reconciler import Key

DATABASE_STATES = ("discovered", "enrolled", "skipped", "conflicting", "reachable")
"""Counts in the status of an RdsEnrollment. They overlap: a reachable database is enrolled, and was discovered."""


@dataclass(frozen=True, slots=True)
class ConditionState:
    """One condition, as the API server has it."""

    type: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ObjectState:
    """One object. Times are Unix seconds."""

    key: Key
    uid: str
    created: float
    deletion_requested: float | None
    conditions: tuple[ConditionState, ...] = ()
    ready_since: float | None = None
    """When Ready became True; None while it is not."""
    databases: Mapping[str, int] = field(default_factory=dict)
    """By state, for an RdsEnrollment."""
    agent_version: str | None = None
    """Of a DatabaseServiceDeployment."""


def read_state(kind: str, obj: Mapping[str, Any]) -> ObjectState:
    """The state of a delivered object. Whatever an older or newer release wrote into its status is taken as it is."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    conditions = status.get("conditions") or []
    ready = next((item for item in conditions if item["type"] == ConditionType.READY), None)
    deletion = metadata.get("deletionTimestamp")
    return ObjectState(
        key=Key(kind, metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        created=_seconds(metadata["creationTimestamp"]),
        deletion_requested=_seconds(deletion) if deletion else None,
        conditions=tuple(
            ConditionState(item["type"], item["status"], item.get("reason", "")) for item in conditions
        ),
        ready_since=_seconds(ready["lastTransitionTime"]) if ready and ready["status"] == "True" else None,
        databases=_databases(status) if kind == RDS_ENROLLMENT.kind else {},
        agent_version=status.get("agentVersion") if kind == DATABASE_SERVICE_DEPLOYMENT.kind else None,
    )


def _databases(status: Mapping[str, Any]) -> dict[str, int]:
    return {state: status[state] for state in DATABASE_STATES if state in status}


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
