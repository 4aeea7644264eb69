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

_ROLES = ("taskRole", "executionRole")
_CARED_FOR = {
    AWS_OIDC_INTEGRATION.kind: ConditionType.CREDENTIALS_VALID,
    DATABASE_SERVICE_DEPLOYMENT.kind: ConditionType.READY,
}


@dataclass(frozen=True, slots=True)
class _Memory:
    """What an object looked like when it was last delivered."""

    uid: str
    form: tuple[object, object]
    """Its spec, and whether it is to go. No annotations: a pass that is requested for one is not others', too."""
    wish: object
    """All that its user can change about it."""
    state: object
    """What those that depend on it care for beyond its form."""
    integration: Key | None
    """The integration that it refers to."""
    roles: object
    """The roles that a deployment names, which the integration's policy has to name, too; None for the default."""
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
        formed = deleted or before is None or (before.uid, before.form) != (now.uid, now.form)
        noticed = formed or before is None or before.state != now.state
        return [
            *([key] if changed else ()),
            *(self._dependents(key, before, now, deleted=deleted) if noticed else ()),
            *(self._integration(before, now, deleted=deleted) if formed else ()),
        ]

    def deployments_in(self, region: str, vpc_id: str) -> list[Key]:
        """The deployments for a VPC. May be called from any thread."""
        known = list(self._known.items())
        return [key for key, memory in known if memory.network == (region, vpc_id)]

    def integration_of(self, key: Key) -> Key:
        """The integration that an object belongs to; of what is not known, and of an integration, the key itself. May
        be called from any thread."""
        memory = self._known.get(key)
        return memory.integration if memory and memory.integration else key

    def _dependents(self, key: Key, before: _Memory | None, now: _Memory, *, deleted: bool) -> list[Key]:
        """Those that refer to an integration; the owners of a deployment, which know of it while it is new: they have
        just made it."""
        if key.kind == AWS_OIDC_INTEGRATION.kind:
            return [other for other, memory in self._known.items() if memory.integration == key]
        is_new = before is None and now.state is None and not deleted
        return [] if is_new else list(now.owners)

    def _integration(self, before: _Memory | None, now: _Memory, *, deleted: bool) -> list[Key]:
        """The integration, where it has something to do for this one: to name other roles in its policy, or, as it is
        to go itself, to tell whom it waits for."""
        if now.integration is None:
            return []
        integration = self._known.get(now.integration)
        is_to_go = integration is not None and integration.form[1] is not None
        renamed = (before.roles if before else None) != now.roles
        return [now.integration] if deleted or renamed or is_to_go else []


def _remembered(key: Key, obj: Object) -> _Memory:
    metadata = obj["metadata"]
    form = (metadata.get("generation"), metadata.get("deletionTimestamp"))
    return _Memory(
        uid=metadata["uid"],
        form=form,
        wish=(form, metadata.get("annotations")),
        state=_state(key.kind, obj),
        integration=_integration(key, obj),
        roles={name: obj["spec"][name] for name in _ROLES if name in obj["spec"]} or None,
        owners=tuple(
            Key(RDS_ENROLLMENT.kind, key.namespace, owner["name"])
            for owner in metadata.get("ownerReferences", ())
            if owner["kind"] == RDS_ENROLLMENT.kind
        ),
        network=_network(key, obj),
    )


def _state(kind: str, obj: Object) -> object:
    """An enrolment needs to know that its deployment is Ready, or why not; an integration lends its credentials, which
    those that refer to it try by themselves: it is news when they were bad and are good."""
    cared_for = _CARED_FOR.get(kind)
    for condition in obj.get("status", {}).get("conditions", ()):
        if condition["type"] == cared_for:
            lends = kind == AWS_OIDC_INTEGRATION.kind and condition["status"] == "True"
            return None if lends else (condition["status"], condition["reason"], condition["message"])
    return None


def _network(key: Key, obj: Object) -> tuple[str, str] | None:
    if key.kind != DATABASE_SERVICE_DEPLOYMENT.kind:
        return None
    return obj["spec"].get("region", ""), obj["spec"].get("vpcId", "")


def _integration(key: Key, obj: Object) -> Key | None:
    reference = obj["spec"].get("integrationRef", {})
    name, namespace = reference.get("name"), reference.get("namespace", key.namespace)
    return Key(AWS_OIDC_INTEGRATION.kind, namespace, name) if name else None
