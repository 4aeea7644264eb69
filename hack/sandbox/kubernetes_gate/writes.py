"""What a request to the API server writes, from its method, path and body.

Paths: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris.
"""

import json
from typing import Any

from hack.sandbox.gate import Write

_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_GROUP_PARTS = {"api": 2, "apis": 3}
"""Leading parts of a path: api/v1, or apis/group/version."""


def parse_write(method: str, path: str, body: bytes) -> Write | None:
    """The write that a request asks for; None for a read, and for what is no resource.

    The operation is `post databaseservicedeployments`, or `put databaseservicedeployments/status`; the target is
    `namespace/name`, or the name alone. A status adds what it says of Ready; an Event names what it is about:

        put rdsenrollments/status   team/prod Ready=False
        post events                 RdsEnrollment team/prod DatabasesEnrolled
    """
    if method not in _METHODS:
        return None
    parts = path.strip("/").split("/")
    rest = parts[_GROUP_PARTS.get(parts[0], len(parts)) :]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if not rest:
        return None
    resource, name, subresource = (*rest, "", "")[:3]
    document = _document(body)
    operation = f"{method.lower()} {resource}" + (f"/{subresource}" if subresource else "")
    target = "/".join(filter(None, (namespace, name or _name(document))))
    if method == "POST" and resource == "events":
        target = _about(document)
    elif subresource == "status":
        target += _readiness(document)
    return Write("kubernetes", operation, target)


def _document(body: bytes) -> dict[str, Any]:
    """The object in a body; empty for a JSON patch, which is a list, and for anything that is not JSON."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _name(document: dict[str, Any]) -> str:
    metadata = document.get("metadata", {})
    return str(metadata.get("name") or metadata.get("generateName", ""))


def _about(event: dict[str, Any]) -> str:
    regarding = event.get("regarding", {})
    where = f"{regarding.get('namespace', '')}/{regarding.get('name', '')}"
    return f"{regarding.get('kind', '')} {where} {event.get('reason', '')}"


def _readiness(document: dict[str, Any]) -> str:
    conditions = document.get("status", {}).get("conditions", ())
    ready = next((entry["status"] for entry in conditions if entry["type"] == "Ready"), None)
    return f" Ready={ready}" if ready else ""
