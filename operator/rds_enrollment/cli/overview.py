"""What `rds-enrollment status` shows: our objects as a tree, read from their own status. Pure, and the form of its
JSON and YAML."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.kinds import (
    AWS_OIDC_INTEGRATION,
    DATABASE_SERVICE_DEPLOYMENT,
    RDS_ENROLLMENT,
)
from rds_enrollment.api.reasons import ConditionType

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How something stands. `ready`: True, False or Unknown, as a condition has it; empty before the first pass."""

    ready: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database of an enrolment. `state` is one of RdsEnrollment's status.databases."""

    name: str
    identifier: str
    state: str
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """The agents of a deployment; None: not observed yet."""

    wanted: int | None
    running: int | None
    pending: int | None
    connected: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One DatabaseServiceDeployment, with the databases that an enrolment has in its VPC."""

    namespace: str
    name: str
    state: State
    region: str
    vpc_id: str
    agent_version: str | None = None
    tasks: Tasks
    databases: tuple[Database, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """One RdsEnrollment. `databases`: those whose VPC has no deployment of its own."""

    namespace: str
    name: str
    state: State
    integration: str
    discovered: int | None = None
    enrolled: int | None = None
    reachable: int | None = None
    deployments: tuple[Deployment, ...] = ()
    databases: tuple[Database, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One AwsOidcIntegration."""

    namespace: str
    name: str
    state: State
    account_id: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything. `deployments`: those that belong to no enrolment."""

    integrations: tuple[Integration, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    deployments: tuple[Deployment, ...] = ()


def overview(objects: Iterable[Object]) -> Overview:
    """The tree of objects as the API server has them, by namespace and name."""
    by_kind: dict[str, list[Object]] = {}
    for obj in sorted(objects, key=_name):
        by_kind.setdefault(obj["kind"], []).append(obj)
    deployments = {_name(obj): obj for obj in by_kind.get(DATABASE_SERVICE_DEPLOYMENT.kind, [])}
    enrollments = by_kind.get(RDS_ENROLLMENT.kind, [])
    covered = {name for obj in enrollments for name in _deployments_of(obj)}
    return Overview(
        tuple(_integration(obj) for obj in by_kind.get(AWS_OIDC_INTEGRATION.kind, [])),
        tuple(_enrollment(obj, deployments) for obj in enrollments),
        tuple(_deployment(obj, ()) for name, obj in deployments.items() if name not in covered),
    )


def _name(obj: Object) -> tuple[str, str]:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _names(obj: Object) -> dict[str, str]:
    namespace, name = _name(obj)
    return {"namespace": namespace, "name": name}


def _status(obj: Object) -> Mapping[str, Any]:
    return obj.get("status") or {}


def _state(obj: Object) -> State:
    conditions = {item["type"]: item for item in _status(obj).get("conditions") or []}
    ready = conditions.get(ConditionType.READY)
    if ready is None:
        return State(ready="", message="Not looked at yet: does the operator run, and serve this namespace?")
    told = conditions.get(ConditionType.STALLED, ready)
    message = "" if ready["status"] == "True" else told["message"]
    return State(ready=ready["status"], reason=told["reason"], message=message)


def _integration(obj: Object) -> Integration:
    return Integration(**_names(obj), state=_state(obj), account_id=obj["spec"]["accountId"])


def _deployments_of(enrollment: Object) -> dict[tuple[str, str], str]:
    """VPC id by the deployment for it."""
    namespace = enrollment["metadata"]["namespace"]
    vpcs = _status(enrollment).get("vpcs") or []
    return {(namespace, vpc["deployment"]): vpc["vpcId"] for vpc in vpcs if vpc.get("deployment")}


def _enrollment(obj: Object, deployments: Mapping[tuple[str, str], Object]) -> Enrollment:
    status = _status(obj)
    in_vpc: dict[str | None, list[Database]] = {}
    for item in status.get("databases") or []:
        in_vpc.setdefault(item.get("vpcId"), []).append(_database(item))
    own = tuple(
        _deployment(deployments[name], in_vpc.pop(vpc_id, []))
        for name, vpc_id in _deployments_of(obj).items()
        if name in deployments
    )
    return Enrollment(
        **_names(obj),
        state=_state(obj),
        integration=obj["spec"]["integrationRef"]["name"],
        discovered=status.get("discovered"),
        enrolled=status.get("enrolled"),
        reachable=status.get("reachable"),
        deployments=own,
        databases=tuple(database for rest in in_vpc.values() for database in rest),
    )


def _deployment(obj: Object, databases: Iterable[Database]) -> Deployment:
    spec, status = obj["spec"], _status(obj)
    return Deployment(
        **_names(obj),
        state=_state(obj),
        region=spec["region"],
        vpc_id=spec["vpcId"],
        agent_version=status.get("agentVersion"),
        tasks=Tasks(
            wanted=spec.get("replicas"),
            running=status.get("runningReplicas"),
            pending=status.get("pendingReplicas"),
            connected=status.get("connectedReplicas"),
        ),
        databases=tuple(databases),
    )


def _database(item: Object) -> Database:
    return Database(
        name=item["name"],
        identifier=item["identifier"],
        state=item["state"],
        reason=item["reason"],
        message=item.get("message", ""),
    )
