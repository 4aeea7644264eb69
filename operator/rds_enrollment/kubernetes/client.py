"""Reads and writes of the operator's own kinds. Everything raises plan.outcome's Outcome, never an HTTP exception."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rds_enrollment.api.common import FINALIZER
from rds_enrollment.kubernetes import deployments, resources
from rds_enrollment.kubernetes.errors import ApiError, Request, translate
from rds_enrollment.kubernetes.rest import JSON_PATCH, Rest
from rds_enrollment.plan.steps.kubernetes import KubernetesStep
from rds_enrollment.runtime.shared_reads import SharedReads

Object = dict[str, Any]
"""A Kubernetes object as the API server sent it."""


class Objects:
    """Objects of our kinds by kind, namespace and name."""

    def __init__(
        self, rest: Rest, *, namespaces: tuple[str, ...] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`namespaces`: those that the operator serves; empty: all. `clock` is monotonic, in seconds."""
        self._rest = rest
        self._namespaces = namespaces
        self._lists: SharedReads[tuple[str, str | None], Sequence[Object]] = SharedReads(clock, keep=False)

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object as it is now, or None."""
        request = _request("get", kind, f"{namespace}/{name}")
        return await self._rest.get(request, resources.item(kind, namespace, name))

    async def list(self, kind: str, namespace: str | None = None) -> Sequence[Object]:
        """The objects of a kind in one namespace, or (None) in all that the operator serves; not to be changed.

        Each answer is newer than the call. Those who wait at the same time get the same one: where hundreds of objects
        refer to each other, and dozens of passes run, a list for each would be most of the process's memory and time.
        """

        async def read() -> Sequence[Object]:
            return await self._list(kind, namespace)

        return await self._lists.get((kind, namespace), read, max_age=0)

    async def _list(self, kind: str, namespace: str | None) -> Sequence[Object]:
        scopes: tuple[str | None, ...] = (namespace,) if namespace else self._namespaces or (None,)
        objects: list[Object] = []
        for scope in scopes:
            request = _request("list", kind, f"in {scope or 'all namespaces'}")
            objects += (await self._rest.list(request, resources.collection(kind, scope)))["items"]
        return objects

    async def write_status(self, obj: Object, status: Mapping[str, Any]) -> Object:
        """Replace the status of `obj` if it differs; returns the object as it is then.

        `obj` is as it was read: its resourceVersion goes along, and Conflict is raised when something else
        wrote since. `status` holds JSON values without nulls, which the API server would drop.
        """
        if obj.get("status", {}) == status:
            return obj
        body = {**obj, "status": dict(status)}
        path = f"{_path(obj)}/status"
        request = Request("update", f"{resources.plural(obj['kind'])}/status", _name(obj))
        return await self._rest.write(request, "PUT", path, body)

    async def add_finalizer(self, obj: Object) -> Object:
        """Put our finalizer on `obj`; returns the object as it is then. Raises Conflict when `obj` is out of date."""
        finalizers = _finalizers(obj)
        if FINALIZER in finalizers:
            return obj
        # "add" replaces what is there; the test on resourceVersion proves that it is what was read.
        operation = {"op": "add", "path": "/metadata/finalizers", "value": [*finalizers, FINALIZER]}
        return await self._patch_metadata(obj, operation)

    async def remove_finalizer(self, obj: Object) -> Object:
        """Take our finalizer off `obj`; returns the object as it was last. Conflict when `obj` is out of date."""
        finalizers = _finalizers(obj)
        if FINALIZER not in finalizers:
            return obj
        operation = {"op": "remove", "path": f"/metadata/finalizers/{finalizers.index(FINALIZER)}"}
        return await self._patch_metadata(obj, operation)

    async def apply(self, step: KubernetesStep) -> None:
        """Carry out one planned write."""
        await deployments.apply(self._rest, step)

    async def namespace_labels(self, name: str) -> dict[str, str]:
        """The labels of a namespace. Raises Outcome."""
        request = Request("get", "namespaces", name)
        namespace = await self._rest.get(request, resources.namespace_item(name))
        return dict((namespace or {}).get("metadata", {}).get("labels") or {})

    async def cluster_uid(self) -> str:
        """The UID of namespace kube-system: the usual identity of a Kubernetes cluster."""
        request = Request("get", "namespaces", "kube-system")
        try:
            namespace = await self._rest.request(request, "GET", resources.namespace_item("kube-system"))
        except ApiError as error:
            raise translate(error, request) from error
        return str(namespace["metadata"]["uid"])

    async def _patch_metadata(self, obj: Object, operation: dict[str, Any]) -> Object:
        version = obj["metadata"]["resourceVersion"]
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
        request = _request("patch", obj["kind"], _name(obj))
        return await self._rest.write(
            request, "PATCH", _path(obj), [test, operation], content_type=JSON_PATCH
        )


def _finalizers(obj: Object) -> list[str]:
    return list(obj["metadata"].get("finalizers") or [])


def _name(obj: Object) -> str:
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def _path(obj: Object) -> str:
    return resources.item(obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"])


def _request(verb: str, kind: str, target: str) -> Request:
    return Request(verb, resources.plural(kind), target)
