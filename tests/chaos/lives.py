"""Generated lives: fields of a running enrolment take other values, objects are deleted and made anew, whatever comes
of it, and then all is as it was wanted at first."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from kubernetes.client import ApiException
from rds_enrollment.api.common import ANNOTATION_CONFIRM_DOWNGRADE, ANNOTATION_CONFIRM_NAMING
from rds_enrollment.api.databases import NamingStrategy
from rds_enrollment.api.kinds import (
    AWS_OIDC_INTEGRATION,
    DATABASE_SERVICE_DEPLOYMENT,
    KINDS,
    RDS_ENROLLMENT,
    Kind,
)

from tests.chaos.arena import VERSION, Arena, Scene
from tests.chaos.gates import Recorder
from tests.chaos.mutations import Change, Mutation, Recreation
from tests.chaos.runs import begin, is_idle, settled_state, wait
from tests.chaos.state import State, without_idle_revisions
from tests.cluster.kubernetes_api import Object
from tests.cluster.waiting import wait_until

_SECONDS_TO_REACT = 3.0
"""For what a change leads to. The change back meets the operator wherever it is then."""
_MANIFEST = ("apiVersion", "kind", "metadata", "spec")
_REFUSALS = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
# A life leaves revisions behind that nothing uses, and counts on.
_COUNTS = (
    (re.compile(r'("(?:generation|observedGeneration|revision)": )\d+'), r"\1 0"),
    (re.compile(r"(:task-definition/[^:\"]+|database-service-<vpc>):\d+"), r"\1:<revision>"),
)


class Life:
    """An enrolment that is Ready at first, and after each life."""

    def __init__(self, arena: Arena, scene: Scene) -> None:
        """Starts the operator, and does the scene's workload. Raises AssertionError when it does not get done."""
        self._arena = arena
        self._scene = scene
        begin(arena, scene, Recorder(scene.mask.text))
        self._settle()
        self.told: Counter[str] = Counter()
        """What became of the changes: refused, or the reason of the least Ready object's Ready."""
        self.lived = 0
        """Lives with a change that was taken."""
        self._healthy = _view(arena.state(scene))
        objects = ((KINDS[obj["kind"]], obj) for obj in scene.namespace.objects())
        self._good = {kind: {key: obj[key] for key in _MANIFEST} for kind, obj in objects}

    def live(self, changes: Sequence[Change]) -> None:
        """Make these changes one after the other, and take them back together.

        Raises AssertionError when a refused change changed something, when the objects do not all become Ready again,
        or with the difference to the state before.
        """
        touched: set[Kind] = set()
        taken = self._taken
        for change in changes:
            if isinstance(change, Recreation):
                self._recreate(change.kind, touched)
            else:
                self._mutate(change, touched)
        self._take_back(touched)
        self._settle()
        settled_state(self._arena, self._scene, self._healthy, _view)
        self.lived += self._taken > taken

    @property
    def _taken(self) -> int:
        return self.told.total() - self.told["refused"] - self.told["absent"]

    def _mutate(self, mutation: Mutation, touched: set[Kind]) -> None:
        before = self._scene.namespace.find(mutation.kind, _name(self._good[mutation.kind]))
        if before is None:
            self.told["absent"] += 1  # the changes before have taken the deployment away
            return
        try:
            self._scene.namespace.patch(mutation.kind, _name(before), mutation.patch)
        except ApiException as refusal:
            if refusal.status not in _REFUSALS:
                raise
            if not touched:  # else the operator may be at it
                after = self._scene.namespace.get(mutation.kind, _name(before))
                assert after["spec"] == before["spec"]
            self.told["refused"] += 1
            return
        touched.add(mutation.kind)
        self._let_react()
        self.told[self._worst()] += 1

    def _recreate(self, kind: Kind, touched: set[Kind]) -> None:
        """Whatever error the object is in: its end may need the good spec as well.

        An object that the operator has not seen yet goes at once, and an integration then without its enrolment.
        """
        namespace = self._scene.namespace
        wait(self._arena, self._scene, self._is_seen, "the operator has seen every object")
        kinds = (AWS_OIDC_INTEGRATION, RDS_ENROLLMENT)[0 if kind is AWS_OIDC_INTEGRATION else 1 :]
        for each in kinds:
            self._delete(each)
        self._take_back(touched)
        leaving = (*kinds, DATABASE_SERVICE_DEPLOYMENT)
        wait(self._arena, self._scene, lambda: not any(map(namespace.all, leaving)), "all of it is gone")
        for each in kinds:
            good = self._good[each]
            namespace.create({**good, "metadata": {"name": _name(good)}})
        self.told["recreated"] += 1

    def _delete(self, kind: Kind) -> None:
        """The API server tries again when a new object gets its finalizer meanwhile, and may find it gone by then."""
        try:
            self._scene.namespace.delete(kind, _name(self._good[kind]))
        except ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _take_back(self, kinds: Iterable[Kind]) -> None:
        """Give what is there of these kinds the spec that it had at first."""
        for kind in kinds:
            good = self._good[kind]
            now = self._scene.namespace.find(kind, _name(good))
            if now is not None and (back := _back(now["spec"], good["spec"])):
                self._patch_what_is_there(kind, _name(good), {"spec": back})

    def _patch_what_is_there(self, kind: Kind, name: str, patch: Object) -> None:
        """A deployment may go at any moment while its template is another one."""
        try:
            self._scene.namespace.patch(kind, name, patch)
        except ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _let_react(self) -> None:
        with suppress(AssertionError):  # it may have work for longer than that
            wait_until(self._has_reacted, "it has reacted", _SECONDS_TO_REACT)

    def _is_seen(self) -> bool:
        return all("observedGeneration" in obj.get("status", {}) for obj in self._scene.namespace.objects())

    def _has_reacted(self) -> bool:
        found = self._scene.namespace.objects()
        seen = all(
            obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"] for obj in found
        )
        return seen and is_idle(self._arena.operator, self._scene.namespace)

    def _worst(self) -> str:
        ready = [
            (entry["status"], entry["reason"])
            for obj in self._scene.namespace.objects()
            for entry in obj.get("status", {}).get("conditions", ())
            if entry["type"] == "Ready"
        ]
        return min(ready)[1] if ready else "nothing"

    def _confirm(self) -> None:
        """Agents that were pinned to a higher version go back to the cluster's, and names that came with a first
        enrolment to those of the strategy, only when somebody asks for it."""
        confirmations = {
            DATABASE_SERVICE_DEPLOYMENT: {ANNOTATION_CONFIRM_DOWNGRADE: VERSION},
            RDS_ENROLLMENT: {ANNOTATION_CONFIRM_NAMING: NamingStrategy.IDENTIFIER.value},
        }
        for kind, annotations in confirmations.items():
            for obj in self._scene.namespace.all(kind):
                self._patch_what_is_there(kind, _name(obj), {"metadata": {"annotations": annotations}})

    def _settle(self) -> None:
        """Until all is Ready, and one more look at everything is over, as the next resync is."""
        arena, scene = self._arena, self._scene
        self._confirm()
        wait(arena, scene, scene.is_done, "all is Ready")
        self._confirm()  # of one that was made meanwhile, too: states are compared with annotations
        wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace), "the operator is idle")
        token = str(uuid4())
        for obj in scene.namespace.objects():
            scene.namespace.request_reconcile(KINDS[obj["kind"]], _name(obj), token)

        def looked() -> bool:
            found = scene.namespace.objects()
            return all(obj.get("status", {}).get("lastHandledReconcileAt") == token for obj in found)

        wait(arena, scene, looked, "everything was looked at")
        wait(arena, scene, lambda: is_idle(arena.operator, scene.namespace) and scene.is_done(), "it is idle")


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _back(now: Any, then: Any) -> dict[str, Any]:
    """The merge patch that makes `now` what was `then`."""
    patch: dict[str, Any] = {name: None for name in now if name not in then}
    for name, value in then.items():
        if isinstance(value, dict) and isinstance(now.get(name), dict):
            if inner := _back(now[name], value):
                patch[name] = inner
        elif now.get(name) != value:
            patch[name] = value
    return patch


def _view(state: State) -> State:
    """Without what a change leaves behind on purpose, and what only counts: revisions that serve no more may be gone
    back to, and what agents logged may be read yet."""
    aws = {kind: found for kind, found in state["aws"].items() if kind != "log groups"}
    text = json.dumps(without_idle_revisions({**state, "aws": aws}))
    for pattern, replacement in _COUNTS:
        text = pattern.sub(replacement, text)
    viewed: State = json.loads(text)
    return viewed
