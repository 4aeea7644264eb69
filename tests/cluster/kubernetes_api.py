"""The API server as an administrator sees it, in one namespace: reads and writes of the operator's kinds."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from kubernetes import client, config
from rds_enrollment.api.common import ANNOTATION_RECONCILE, GROUP, VERSION
from rds_enrollment.api.kinds import KINDS, Kind

Object = dict[str, Any]

USER = "user"
"""The field manager of what a test writes."""


class Namespace:
    """A namespace of its own, and what is in it. Raises client.ApiException when the API server refuses."""

    def __init__(self, kubeconfig: Path, name: str) -> None:
        self.name = name
        self.written: list[Object] = []
        """What users wrote, as the API server kept it each time."""
        api = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]
        self._objects: Any = client.CustomObjectsApi(api)
        self._core: Any = client.CoreV1Api(api)
        self._api: Any = api

    def __enter__(self) -> "Namespace":
        self._core.create_namespace({"metadata": {"name": self.name}})
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        self._api.close()

    def clear_others(self) -> None:
        """Take away every object outside this namespace, for a test of what looks at all of them."""
        for kind in KINDS.values():
            for obj in self._objects.list_cluster_custom_object(GROUP, VERSION, kind.plural)["items"]:
                if obj["metadata"]["namespace"] != self.name:
                    self._take_away({**obj, "kind": kind.kind})

    def _clear(self) -> None:
        """Take away what is left, whatever holds it: others look at all namespaces."""
        for obj in self.objects():
            self._take_away(obj)

    def _take_away(self, obj: Object) -> None:
        metadata = obj["metadata"]
        where = GROUP, VERSION, metadata["namespace"], KINDS[obj["kind"]].plural, metadata["name"]
        try:
            self._objects.patch_namespaced_custom_object(*where, {"metadata": {"finalizers": None}})
            self._objects.delete_namespaced_custom_object(*where)
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def create(self, document: Object) -> Object:
        """Create an object of one of the kinds; its namespace is replaced by this one."""
        body = {**document, "metadata": {**document["metadata"], "namespace": self.name}}
        return self._kept(
            self._objects.create_namespaced_custom_object(
                *self._collection(document["kind"]), body, field_manager=USER
            )
        )

    def get(self, kind: Kind, name: str) -> Object:
        """One object as it is now."""
        return self._object(self._objects.get_namespaced_custom_object(*self._collection(kind.kind), name))

    def find(self, kind: Kind, name: str) -> Object | None:
        """One object, None when it does not exist."""
        try:
            return self.get(kind, name)
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def all(self, kind: Kind) -> list[Object]:
        """All objects of a kind, by name."""
        items: list[Object] = self._objects.list_namespaced_custom_object(*self._collection(kind.kind))[
            "items"
        ]
        return items

    def objects(self) -> list[Object]:
        """All objects of the three kinds."""
        return [item for kind in KINDS.values() for item in self.all(kind)]

    def patch(self, kind: Kind, name: str, body: Object) -> Object:
        """Merge-patch an object."""
        return self._kept(
            self._objects.patch_namespaced_custom_object(
                *self._collection(kind.kind), name, body, field_manager=USER
            )
        )

    def restore(self, document: Object, manager: str) -> Object:
        """Apply an object of one of the kinds, in this namespace, as `manager`, and write its status."""
        body = {**document, "metadata": {**document["metadata"], "namespace": self.name}}
        place = (*self._collection(document["kind"]), document["metadata"]["name"])
        self._objects.patch_namespaced_custom_object(
            *place, body, field_manager=manager, force=True, _content_type="application/apply-patch+yaml"
        )
        status = {"status": document["status"]}
        self._objects.patch_namespaced_custom_object_status(*place, status, field_manager=manager)
        return self._kept(self.get(KINDS[document["kind"]], document["metadata"]["name"]))

    def annotate(self, kind: Kind, name: str, annotations: dict[str, str]) -> None:
        """Set annotations of an object."""
        self.patch(kind, name, {"metadata": {"annotations": annotations}})

    def delete(self, kind: Kind, name: str) -> None:
        """Ask for an object's deletion."""
        self._objects.delete_namespaced_custom_object(*self._collection(kind.kind), name)

    def remove(self) -> None:
        """Ask for the deletion of the namespace itself, with everything in it."""
        self._core.delete_namespace(self.name)

    @property
    def exists(self) -> bool:
        """Whether the namespace is still there, be it on its way out."""
        return any(item.metadata.name == self.name for item in self._core.list_namespace().items)

    def request_reconcile(self, kind: Kind, name: str, token: str) -> None:
        """Ask for a pass now; the operator echoes `token` in status.lastHandledReconcileAt."""
        self.patch(kind, name, {"metadata": {"annotations": {ANNOTATION_RECONCILE: token}}})

    def events(self) -> list[Object]:
        """Events about the objects."""
        items: list[Object] = self._objects.list_namespaced_custom_object(
            "events.k8s.io", "v1", self.name, "events"
        )["items"]
        return items

    def _collection(self, kind: str) -> tuple[str, str, str, str]:
        return GROUP, VERSION, self.name, KINDS[kind].plural

    def _kept(self, answer: Any) -> Object:
        found = self._object(answer)
        self.written.append(found)
        return found

    def _object(self, answer: Any) -> Object:
        found: Object = answer
        return found


def condition(obj: Object, kind: str) -> Object:
    """A condition of an object; empty while it has none of this type."""
    conditions = obj.get("status", {}).get("conditions", ())
    return next((entry for entry in conditions if entry["type"] == kind), {})


def is_ready(obj: Object) -> bool:
    """Whether Ready is True for the generation that the object has now."""
    ready = condition(obj, "Ready")
    return ready.get("status") == "True" and ready.get("observedGeneration") == obj["metadata"]["generation"]


def describe(obj: Object) -> str:
    """Name and conditions of an object, for the message of a failed test."""
    metadata = obj["metadata"]
    head = f"{obj['kind']}/{metadata['name']}"
    if "deletionTimestamp" in metadata:
        head += f" (deleting; finalizers {metadata.get('finalizers', [])})"
    conditions = obj.get("status", {}).get("conditions", ())
    lines = [
        f"  {entry['type']}={entry['status']} {entry['reason']}: {entry['message']}" for entry in conditions
    ]
    return "\n".join([head, *(lines or ["  no conditions"])])
