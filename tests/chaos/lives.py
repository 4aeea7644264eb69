"""Generated lives: a field of a running enrolment takes another value, whatever comes of it, and then its old one."""

import json
import re
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from kubernetes.client import ApiException
from rds_enrollment.api.kinds import KINDS

from tests.chaos.arena import Arena, Scene
from tests.chaos.gates import Recorder
from tests.chaos.mutations import Mutation
from tests.chaos.runs import begin, is_idle, settled_state, wait
from tests.chaos.state import State, without_idle_revisions
from tests.cluster.kubernetes_api import Object
from tests.cluster.waiting import wait_until

_SECONDS_TO_REACT = 3.0
"""For what a change leads to. The change back meets the operator wherever it is then."""
_REFUSALS = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
# A life leaves revisions behind that nothing uses, and counts on.
_COUNTS = (
    (re.compile(r'("(?:generation|observedGeneration|revision)": )\d+'), r"\1 0"),
    (re.compile(r"(:task-definition/[^:\"]+|database-service-<vpc>):\d+"), r"\1:<revision>"),
)


class Life:
    """An enrolment that is Ready at first, and after each change that was taken back."""

    def __init__(self, arena: Arena, scene: Scene) -> None:
        """Starts the operator, and does the scene's workload. Raises AssertionError when it does not get done."""
        self._arena = arena
        self._scene = scene
        begin(arena, scene, Recorder(scene.mask.text))
        self._settle()
        self.told: Counter[str] = Counter()
        """What became of the changes: refused, or the reason of the least Ready object's Ready."""
        self._healthy = _view(arena.state(scene))

    def change_and_back(self, mutation: Mutation) -> None:
        """Raises AssertionError when a refused change changed something, when the objects do not all become Ready
        again, or with the difference to the state before."""
        before = self._subject(mutation)
        try:
            after = self._scene.namespace.patch(mutation.kind, _name(before), mutation.patch)
        except ApiException as refusal:
            if refusal.status not in _REFUSALS:
                raise
            assert self._subject(mutation)["spec"] == before["spec"]
            self.told["refused"] += 1
            return
        self._let_react()
        self.told[self._worst()] += 1
        back = _back(after["spec"], before["spec"])
        if back:
            self._scene.namespace.patch(mutation.kind, _name(before), {"spec": back})
        self._settle()
        settled_state(self._arena, self._scene, self._healthy, _view)

    def _subject(self, mutation: Mutation) -> Object:
        [found] = self._scene.namespace.all(mutation.kind)
        return found

    def _let_react(self) -> None:
        with suppress(AssertionError):  # it may have work for longer than that
            wait_until(self._has_reacted, "it has reacted", _SECONDS_TO_REACT)

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

    def _settle(self) -> None:
        """Until all is Ready, and one more look at everything is over, as the next resync is."""
        arena, scene = self._arena, self._scene
        wait(arena, scene, scene.is_done, "all is Ready")
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
