"""Hundreds of objects of our kinds, asked for passes and counted together."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kubernetes import client, config
from rds_enrollment.api.common import ANNOTATION_RECONCILE, GROUP, VERSION
from rds_enrollment.api.kinds import KINDS, Kind

from hack.bench.until import until
from hack.bench.world import NAMESPACE, condition_status
from hack.sandbox.controlplane import ControlPlane

_PLURALS = tuple(kind.plural for kind in KINDS.values())
_AT_ONCE = 4
_SECONDS = 60.0


class Fleet:
    """All objects of the bench's namespace. `selector` is a label selector everywhere; empty: all of them."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        connection = config.new_client_from_config(str(plane.admin_kubeconfig))  # type: ignore[no-untyped-call]
        self._objects: Any = client.CustomObjectsApi(connection)

    def all(self, selector: str = "") -> list[dict[str, Any]]:
        """As they are now."""
        return [item for plural in _PLURALS for item in self._listed(plural, selector)]

    def ready(self, selector: str = "") -> int:
        """How many are Ready."""
        return sum(condition_status(item, "Ready") == "True" for item in self.all(selector))

    def handled(self, token: str, selector: str = "") -> int:
        """How many have had the pass that was asked for with this token."""
        found = self.all(selector)
        return sum(item.get("status", {}).get("lastHandledReconcileAt") == token for item in found)

    def request(self, token: str, selector: str = "") -> None:
        """Ask for a pass over each. Side by side: kubectl would hold its requests back."""
        patch = {"metadata": {"annotations": {ANNOTATION_RECONCILE: token}}}
        names = [
            (plural, item["metadata"]["name"])
            for plural in _PLURALS
            for item in self._listed(plural, selector)
        ]

        def ask(name: tuple[str, str]) -> None:
            self._objects.patch_namespaced_custom_object(
                GROUP, VERSION, NAMESPACE, *name, patch, _preload_content=False
            )

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(ask, names))

    def create(self, manifests: str) -> None:
        """Create objects from a YAML stream, or change them."""
        self._plane.apply(manifests)

    def delete(self, kind: Kind, selector: str) -> None:
        """Ask for the end of the objects of a kind, and wait for it."""
        selected = (f"--namespace={NAMESPACE}", f"--selector={selector}")
        self._plane.run_kubectl("delete", f"{kind.plural}.{GROUP}", *selected)

    def forget(self) -> None:
        """Take all objects away without a word to the operator, which must not run: as when etcd is lost."""
        for plural in _PLURALS:
            for item in self._listed(plural, ""):
                name = (GROUP, VERSION, NAMESPACE, plural, item["metadata"]["name"])
                self._objects.delete_namespaced_custom_object(*name)
                self._objects.patch_namespaced_custom_object(*name, {"metadata": {"finalizers": None}})
        until(lambda: not self.all(), "all objects are gone", _SECONDS)

    def _listed(self, plural: str, selector: str) -> list[dict[str, Any]]:
        """Parsed here: the client library would take ten times as long."""
        answer = self._objects.list_namespaced_custom_object(
            GROUP, VERSION, NAMESPACE, plural, label_selector=selector, _preload_content=False
        )
        items: list[dict[str, Any]] = json.loads(answer.data)["items"]
        return items
