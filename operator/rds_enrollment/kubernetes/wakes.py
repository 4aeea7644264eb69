"""Which objects a watch event is worth a pass for.

Without this, each of our own status writes would cost a pass, and a deployment that became Ready would be noticed by
its enrolment at the next poll only. What is remembered here may be lost: polls and resyncs come to the same end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.runtime.reconciler import Key

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Memory:
    """What an object looked like when it was last delivered."""

    uid: str
    wish: object
    """All that its user can change about it."""
    face: object
    """What the objects around it care for. No annotations: a pass that is requested for one is not theirs, too."""
    integration: Key | None
    """The integration that it refers to."""
    owners: tuple[Key, ...]
    """The enrolments that generated it."""
    network: tuple[str, str] | None
    """Region and VPC id of a deployment."""


class Wakes:
    """Remembers one small value per object. Fed from the watch's thread alone."""

    def __init__(self) -> None:
        self._known: dict[Key, _Memory] = {}

    def keys(self, kind: str, obj: Object, *, deleted: bool) -> list[Key]:
        """The keys to reconcile, the object's own first; none for an echo of our own status write."""
        key = Key(kind, obj["metadata"]["namespace"], obj["metadata"]["name"])
        before, now = self._known.get(key), _remembered(key, obj)
        if deleted:
            self._known.pop(key, None)
        else:
            self._known[key] = now
        changed = deleted or before is None or (before.uid, before.wish) != (now.uid, now.wish)
        noticed = deleted or before is None or (before.uid, before.face) != (now.uid, now.face)
        own = [key] if changed else []
        return [*own, *(self._around(key, now) if noticed else ())]

    def deployments_in(self, region: str, vpc_id: str) -> list[Key]:
        """The deployments for a VPC. May be called from any thread."""
        known = list(self._known.items())
        return [key for key, memory in known if memory.network == (region, vpc_id)]

    def _around(self, key: Key, now: _Memory) -> list[Key]:
        """Those that refer to an integration; of the others the owners, and an integration that goes."""
        if key.kind == AWS_OIDC_INTEGRATION.kind:
            return [other for other, memory in self._known.items() if memory.integration == key]
        return [*now.owners, *([now.integration] if now.integration else [])]


def _remembered(key: Key, obj: Object) -> _Memory:
    metadata = obj["metadata"]
    form = (metadata.get("generation"), metadata.get("deletionTimestamp"))
    return _Memory(
        uid=metadata["uid"],
        wish=(form, metadata.get("annotations")),
        face=(form, _ready(obj)),
        integration=_integration(key, obj),
        owners=tuple(
            Key(RDS_ENROLLMENT.kind, key.namespace, owner["name"])
            for owner in metadata.get("ownerReferences", ())
            if owner["kind"] == RDS_ENROLLMENT.kind
        ),
        network=_network(key, obj),
    )


def _ready(obj: Object) -> object:
    conditions = obj.get("status", {}).get("conditions", ())
    for condition in conditions:
        if condition["type"] == ConditionType.READY:
            return condition["status"], condition["reason"], condition["message"]
    return None


def _network(key: Key, obj: Object) -> tuple[str, str] | None:
    if key.kind != DATABASE_SERVICE_DEPLOYMENT.kind:
        return None
    return obj["spec"].get("region", ""), obj["spec"].get("vpcId", "")


def _integration(key: Key, obj: Object) -> Key | None:
    name = obj["spec"].get("integrationRef", {}).get("name")
    return Key(AWS_OIDC_INTEGRATION.kind, key.namespace, name) if name else None
