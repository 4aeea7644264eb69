"""Manifests in the place of an API server: what they say is what there is, and nothing can be written."""

from collections.abc import Iterable
from typing import Any

from kubernetes.aio.client import Configuration

from rds_enrollment.kubernetes.client import Object, Objects
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.plan.steps.kubernetes import KubernetesStep
from rds_enrollment.runtime.fatal import FatalError

_NAME_LABEL = "kubernetes.io/metadata.name"
"""Label that the API server gives to each namespace (Kubernetes, Well-Known Labels)."""


async def _no_server() -> Configuration:
    raise AssertionError("manifests need no API server")


class ManifestObjects(Objects):
    """The objects as an API server would have them after `kubectl apply`: with a namespace and a UID."""

    def __init__(self, manifests: Iterable[Object], *, namespace: str) -> None:
        """`namespace` is that of manifests that name none."""
        super().__init__(Rest(_no_server, user_agent=""))
        self._namespace = namespace
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._labels: dict[str, dict[str, str]] = {}
        for manifest in manifests:
            if manifest["kind"] == "Namespace":
                self._labels[manifest["metadata"]["name"]] = dict(manifest["metadata"].get("labels") or {})
            else:
                self.add(manifest)

    def add(self, manifest: Object) -> Object:
        """One more object; one of the same name stays as it is. Returns the object that is there."""
        metadata = {"namespace": self._namespace, **manifest["metadata"]}
        key = (manifest["kind"], metadata["namespace"], metadata["name"])
        metadata = {"uid": "/".join(key), "resourceVersion": "1", "generation": 1, **metadata}
        return self._objects.setdefault(key, {**manifest, "metadata": metadata})

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return self._objects.get((kind, namespace, name))

    async def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        return [
            obj
            for (of_kind, of_namespace, _), obj in sorted(self._objects.items())
            if of_kind == kind and namespace in (None, of_namespace)
        ]

    async def namespace_labels(self, name: str) -> dict[str, str]:
        return {_NAME_LABEL: name, **self._labels.get(name, {})}

    async def cluster_uid(self) -> str:
        raise FatalError("without a cluster --owner-id has no default: name that of your operator")

    async def write_status(self, obj: Object, status: Any) -> Object:
        raise AssertionError("manifests are not written")

    async def add_finalizer(self, obj: Object) -> Object:
        raise AssertionError("manifests are not written")

    async def remove_finalizer(self, obj: Object) -> Object:
        raise AssertionError("manifests are not written")

    async def apply(self, step: KubernetesStep) -> None:
        raise AssertionError("manifests are not written")
