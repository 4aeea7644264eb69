"""One real operation of the operator's own adapters for each right that is shipped."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.api.common import API_VERSION, GROUP
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT, Kind
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.kubernetes import config, resources
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.errors import ApiError, Request
from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.kubernetes.lease import Leases, Record
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.plan.steps.kubernetes import ApplyDeployment, DeleteDeployment

Object = dict[str, Any]

LEASE = "rds-enrollment-operator"
"""The one that the shipped rules name."""

_DEPLOYED = ConditionType.DEPLOYMENTS_READY


class Right(NamedTuple):
    """What a rule grants, one verb on one resource at a time."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


@dataclass(frozen=True)
class Actor:
    """The operator's adapters, under somebody's rights, in a namespace that holds one object of each kind."""

    rest: Rest
    namespace: str
    objects: Mapping[str, Object]

    @property
    def adapter(self) -> Objects:
        return Objects(self.rest, namespaces=(self.namespace,))


@asynccontextmanager
async def actor(
    kubeconfig: Path, namespace: str, objects: Mapping[str, Object], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Actor]:
    """Adapters whose credentials are those of `kubeconfig`."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    rest = Rest(config.load, user_agent="rights")
    try:
        yield Actor(rest, namespace, objects)
    finally:
        await rest.close()


_RECORD = Record(
    holder="rights",
    seconds=15,
    acquired="2026-01-01T00:00:00.000000Z",
    renewed="2026-01-01T00:00:00.000000Z",
    transitions=0,
)

Operation = Callable[[Actor], Awaitable[object]]


def operations() -> dict[Right, Operation]:
    """By the right without which each of them fails."""
    deployments = DATABASE_SERVICE_DEPLOYMENT.plural
    found: dict[Right, Operation] = {
        Right(GROUP, deployments, "create"): _apply,
        Right(GROUP, deployments, "delete"): _delete,
        Right(GROUP, f"{RDS_ENROLLMENT.plural}/finalizers", "update"): lambda who: _apply(who, owned=True),
        Right("events.k8s.io", "events", "create"): lambda who: _record(who, 1),
        Right("events.k8s.io", "events", "patch"): lambda who: _record(who, 2),
        Right("", "namespaces", "get"): lambda who: who.adapter.cluster_uid(),
        Right("coordination.k8s.io", "leases", "create"): lambda who: _leases(
            who, f"fresh-{uuid4().hex[:8]}"
        ).create(_RECORD),
        Right("coordination.k8s.io", "leases", "get"): lambda who: _leases(who, LEASE).get(),
        Right("coordination.k8s.io", "leases", "update"): _renew,
    }
    for kind in KINDS.values():
        found |= _of_kind(kind)
    return found


def _of_kind(kind: Kind) -> dict[Right, Operation]:
    name = kind.kind

    async def get(who: Actor) -> None:
        await who.adapter.get(name, who.namespace, who.objects[name]["metadata"]["name"])

    async def list_(who: Actor) -> None:
        await who.adapter.list(name)

    async def watch(who: Actor) -> None:
        # As kopf asks, but for a version that never was: an answer is all that is wanted.
        request = Request("watch", kind.plural, who.namespace)
        query = {"watch": "true", "resourceVersion": "1", "timeoutSeconds": "1"}
        await who.rest.request(request, "GET", resources.collection(name, who.namespace), query=query)

    async def patch(who: Actor) -> None:
        await who.adapter.add_finalizer(dict(who.objects[name]))

    async def update_status(who: Actor) -> None:
        condition = {
            "type": "Ready",
            "status": "Unknown",
            "reason": "Pending",
            "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
            "observedGeneration": 1,
        }
        await who.adapter.write_status(dict(who.objects[name]), {"conditions": [condition]})

    return {
        Right(GROUP, kind.plural, "get"): get,
        Right(GROUP, kind.plural, "list"): list_,
        Right(GROUP, kind.plural, "watch"): watch,
        Right(GROUP, kind.plural, "patch"): patch,
        Right(GROUP, f"{kind.plural}/status", "update"): update_status,
    }


def _leases(who: Actor, name: str) -> Leases:
    return Leases(who.rest, namespace=who.namespace, name=name)


async def _renew(who: Actor) -> None:
    leases = _leases(who, LEASE)
    lease = await leases.get()
    assert lease is not None
    await leases.update(lease, _RECORD)


async def _apply(who: Actor, owned: bool = False) -> None:
    name = f"fresh-{uuid4().hex[:8]}"
    metadata: Object = {"name": name, "namespace": who.namespace}
    if owned:
        owner = who.objects[RDS_ENROLLMENT.kind]["metadata"]
        metadata["ownerReferences"] = [
            {
                "apiVersion": API_VERSION,
                "kind": RDS_ENROLLMENT.kind,
                "name": owner["name"],
                "uid": owner["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    spec = who.objects[DATABASE_SERVICE_DEPLOYMENT.kind]["spec"]
    manifest = {
        "apiVersion": API_VERSION,
        "kind": DATABASE_SERVICE_DEPLOYMENT.kind,
        "metadata": metadata,
        "spec": spec,
    }
    await who.adapter.apply(
        ApplyDeployment(condition=_DEPLOYED, namespace=who.namespace, deployment=name, manifest=manifest)
    )


async def _delete(who: Actor) -> None:
    metadata = who.objects[DATABASE_SERVICE_DEPLOYMENT.kind]["metadata"]
    step = DeleteDeployment(
        condition=_DEPLOYED, namespace=who.namespace, deployment=metadata["name"], uid=metadata["uid"]
    )
    await who.adapter.apply(step)


async def _record(who: Actor, times: int) -> None:
    """Events never fail a pass: their failures are counted. Raises ApiError for one."""
    registry = CollectorRegistry()
    recorder = Recorder(who.rest, instance="rights", clock=lambda: datetime.now(UTC), registry=registry)
    for _ in range(times):
        await recorder.record(who.objects[RDS_ENROLLMENT.kind], "Normal", "Tested", "Rights.", "Test")
    if registry.get_sample_value("rds_enrollment_event_writes_failed_total"):
        raise ApiError(403, "the event was not written")
