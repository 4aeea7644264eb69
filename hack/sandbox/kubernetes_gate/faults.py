"""Faults as the API server words them: a Status object, and Retry-After where it asks for patience.

Kinds: Kubernetes API concepts, "Error responses"; reasons: apimachinery's `metav1.StatusReason`.
"""

from aiohttp import web

from hack.sandbox.gate import Fault

_FAULTS = {
    Fault.THROTTLED: (429, "TooManyRequests"),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
    Fault.DENIED: (403, "Forbidden"),
    Fault.CONFLICT: (409, "Conflict"),
}
_PATIENCE = {429: {"Retry-After": "1"}}


def fault_response(fault: Fault) -> web.Response:
    """Raises KeyError for a fault that is no answer."""
    code, reason = _FAULTS[fault]
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": f"it is {fault}",
        "reason": reason,
        "code": code,
    }
    return web.json_response(status, status=code, headers=_PATIENCE.get(code))
