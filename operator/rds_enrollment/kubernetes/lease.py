"""One Lease (coordination.k8s.io/v1) as values: what it says, and the three requests about it."""

from dataclasses import dataclass
from typing import Any

from rds_enrollment.kubernetes import resources
from rds_enrollment.kubernetes.errors import ApiError, Request, translate
from rds_enrollment.kubernetes.rest import Rest


@dataclass(frozen=True, slots=True)
class Record:
    """What a Lease says. Source: k8s.io/api/coordination/v1, LeaseSpec."""

    holder: str
    """Empty when it was released."""
    seconds: int
    """For how long others keep off after they saw it change."""
    acquired: str
    """MicroTime; empty when it says none."""
    renewed: str
    """MicroTime; empty when it says none."""
    transitions: int
    """How often it has changed hands."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A Lease as it was read or written."""

    record: Record
    document: dict[str, Any]


class Leases:
    """Reads and writes the one Lease of this name. Every write is refused when somebody wrote since."""

    def __init__(self, rest: Rest, *, namespace: str, name: str) -> None:
        self._rest = rest
        self._namespace = namespace
        self.name = name

    def __str__(self) -> str:
        return f"{self._namespace}/{self.name}"

    async def get(self) -> Lease | None:
        """The Lease as it is now, or None. Raises Outcome."""
        found = await self._rest.get(self._request("get"), self._path())
        return None if found is None else _lease(found)

    async def create(self, record: Record) -> Lease:
        """Make it. Raises Outcome: Conflict when it exists."""
        request = self._request("create")
        metadata = {"name": self.name, "namespace": self._namespace}
        document = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
        body = document | {"spec": _spec(record)}
        try:
            made = await self._rest.request(request, "POST", resources.leases(self._namespace), body=body)
        except ApiError as error:
            raise translate(error, request) from error
        return _lease(made)

    async def update(self, lease: Lease, record: Record) -> Lease:
        """Let it say `record`. Raises Outcome: Conflict when it was changed or deleted since `lease`."""
        spec = (lease.document.get("spec") or {}) | _spec(record)
        written = await self._rest.write(
            self._request("update"), "PUT", self._path(), lease.document | {"spec": spec}
        )
        return _lease(written)

    def _path(self) -> str:
        return f"{resources.leases(self._namespace)}/{self.name}"

    def _request(self, verb: str) -> Request:
        return Request(verb, "leases.coordination.k8s.io", str(self))


def _spec(record: Record) -> dict[str, Any]:
    return {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.seconds,
        "acquireTime": record.acquired,
        "renewTime": record.renewed,
        "leaseTransitions": record.transitions,
    }


def _lease(document: dict[str, Any]) -> Lease:
    spec = document.get("spec") or {}
    record = Record(
        holder=spec.get("holderIdentity") or "",
        seconds=spec.get("leaseDurationSeconds") or 0,
        acquired=spec.get("acquireTime") or "",
        renewed=spec.get("renewTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
    )
    return Lease(record, document)
