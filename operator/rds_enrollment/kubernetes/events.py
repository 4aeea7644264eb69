"""Events about our objects (events.k8s.io/v1): repeats are counted in one event, as the API conventions ask."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter

from rds_enrollment.api.common import GROUP
from rds_enrollment.kubernetes import resources
from rds_enrollment.kubernetes.errors import ApiError, Request, translate
from rds_enrollment.kubernetes.rest import MERGE_PATCH, Rest
from rds_enrollment.kubernetes.times import micro_time
from rds_enrollment.plan.outcome import Outcome

logger = logging.getLogger(__name__)

CONTROLLER = f"{GROUP}/operator"
NOTE_LIMIT = 1024
"""Bytes: the limit of the field `note` (k8s.io/api/events/v1)."""

_REMEMBERED = 4096
"""Events whose count is kept in memory, the latest first: as client-go does, it spares the right to read them."""

_NAME_LIMIT = 253 - 17  # of a DNS-1123 subdomain, less "." and 16 hexadecimal digits


class Recorder:
    """Writes events about our objects."""

    def __init__(
        self, rest: Rest, *, instance: str, clock: Callable[[], datetime], registry: CollectorRegistry
    ) -> None:
        """`instance` names this process, e.g. the pod (≤ 128 characters); `clock` returns aware UTC times."""
        self._rest = rest
        self._instance = instance[:128]
        self._clock = clock
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._failed = Counter(
            "rds_enrollment_event_writes_failed_total",
            "Kubernetes events that could not be written.",
            registry=registry,
        )

    async def record(
        self,
        obj: dict[str, Any],
        type_: Literal["Normal", "Warning"],
        reason: str,
        message: str,
        action: str,
    ) -> None:
        """Say once what happened to `obj`; saying the same again raises the event's count.

        `reason` and `action` are CamelCase, ≤ 128 characters. Never raises: an event is not worth a pass.
        """
        event = self._event(obj, type_, reason, _clip(message), action)
        try:
            await self._write(event)
        except Outcome as outcome:
            self._failed.inc()
            logger.warning("An event could not be written: %s", outcome.message, extra={"event": reason})

    async def _write(self, event: dict[str, Any]) -> None:
        name = event["metadata"]["name"]
        collection = resources.events(event["metadata"]["namespace"])
        count = self._counts.pop(name, 0)
        if count and await self._repeat(collection, name, count + 1):
            return
        create = Request("create", "events.events.k8s.io", name)
        try:
            await self._rest.request(create, "POST", collection, body=event)
        except ApiError as error:
            if error.status != 409:
                raise translate(error, create) from error
            await self._repeat(collection, name, 2)  # written by an earlier process: counted anew from there
        else:
            self._remember(name, 1)

    async def _repeat(self, collection: str, name: str, count: int) -> bool:
        """Set the event's count. False when the event has expired."""
        patch = Request("patch", "events.events.k8s.io", name)
        body = {"series": {"count": count, "lastObservedTime": self._now()}}
        try:
            await self._rest.request(
                patch, "PATCH", f"{collection}/{name}", body=body, content_type=MERGE_PATCH
            )
        except ApiError as error:
            if error.status == 404:
                return False
            raise translate(error, patch) from error
        self._remember(name, count)
        return True

    def _remember(self, name: str, count: int) -> None:
        self._counts[name] = count
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def _event(self, obj: dict[str, Any], type_: str, reason: str, note: str, action: str) -> dict[str, Any]:
        metadata = obj["metadata"]
        identity = "\0".join((metadata["uid"], type_, reason, note))
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name'][:_NAME_LIMIT]}.{digest}",
                "namespace": metadata["namespace"],
            },
            "eventTime": self._now(),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "type": type_,
            "reason": reason,
            "action": action,
            "note": note,
            "regarding": {
                "apiVersion": obj["apiVersion"],
                "kind": obj["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
        }

    def _now(self) -> str:
        return micro_time(self._clock())


def _clip(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= NOTE_LIMIT:
        return text
    return encoded[: NOTE_LIMIT - 3].decode(errors="ignore") + "…"
