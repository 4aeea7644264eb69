"""Refusals with the gRPC codes that Teleport's errors map to (gravitational/trace/trail).

The texts are this sandbox's own: Teleport's are no contract.
"""

from grpclib.const import Status
from grpclib.exceptions import GRPCError

from hack.sandbox.gate import Fault

_FAULTS = {
    Fault.THROTTLED: Status.RESOURCE_EXHAUSTED,
    Fault.UNAVAILABLE: Status.UNAVAILABLE,
    Fault.DENIED: Status.PERMISSION_DENIED,
    Fault.CONFLICT: Status.FAILED_PRECONDITION,
}


def fault(spoiled_by: Fault) -> GRPCError:
    """Raises KeyError for a fault that is no answer."""
    return GRPCError(_FAULTS[spoiled_by], f"it is {spoiled_by}")


def not_found(kind: str, name: str) -> GRPCError:
    return GRPCError(Status.NOT_FOUND, f"{kind} {name!r} is not found")


def already_exists(kind: str, name: str) -> GRPCError:
    return GRPCError(Status.ALREADY_EXISTS, f"{kind} {name!r} already exists")


def bad_parameter(message: str) -> GRPCError:
    return GRPCError(Status.INVALID_ARGUMENT, message)


def access_denied(message: str) -> GRPCError:
    return GRPCError(Status.PERMISSION_DENIED, message)


def not_implemented(message: str) -> GRPCError:
    """For what Teleport itself does not do, and for what the sandbox does not do yet."""
    return GRPCError(Status.UNIMPLEMENTED, message)


def masked(name: str) -> str:
    """A token's name as Teleport writes it into errors: three quarters hidden (lib/backend, MaskKeyName)."""
    hidden = int(len(name) * 0.75)
    return "*" * hidden + name[hidden:]
