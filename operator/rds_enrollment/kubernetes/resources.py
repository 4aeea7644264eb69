"""Paths of the API server's resources that the operator uses."""

from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import KINDS


def collection(kind: str, namespace: str | None) -> str:
    """Path of the objects of one of our kinds, in one namespace or (None) in all."""
    scope = "" if namespace is None else f"/namespaces/{namespace}"
    return f"/apis/{GROUP}/{VERSION}{scope}/{KINDS[kind].plural}"


def item(kind: str, namespace: str, name: str) -> str:
    """Path of one object of ours."""
    return f"{collection(kind, namespace)}/{name}"


def plural(kind: str) -> str:
    """The resource name of one of our kinds, as RBAC rules spell it."""
    return KINDS[kind].plural


def events(namespace: str) -> str:
    """Path of the events.k8s.io/v1 events of a namespace."""
    return f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"


def namespace_item(name: str) -> str:
    """Path of a namespace."""
    return f"/api/v1/namespaces/{name}"


def leases(namespace: str) -> str:
    """Path of the coordination.k8s.io/v1 leases of a namespace."""
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
