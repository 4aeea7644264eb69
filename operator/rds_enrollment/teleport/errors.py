"""What a failed call means: one table from gRPC's status codes, and one from the failures below gRPC.

Teleport's server maps its own errors to codes in one place (Teleport api/trail: NotFound, AlreadyExists,
AccessDenied as PermissionDenied, BadParameter as InvalidArgument, CompareFailed as FailedPrecondition,
LimitExceeded as ResourceExhausted, NotImplemented as Unimplemented, ConnectionProblem as Unavailable, the rest
as Unknown). Its texts are no contract: they are quoted, never read.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient
from rds_enrollment.plan.text import one_line
from rds_enrollment.teleport.tls_errors import meaning as meaning_of_tls

_MAX_QUOTE = 300


class NotFoundError(Conflict):
    """The object of the call does not exist: None to a read, done to a deletion, a conflict to anything else."""


class UnimplementedError(Blocked):
    """The server has no such method: it is older, or newer, than the one that has."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A rule of a Teleport role: what the operator's own role must allow for a call."""

    kind: str
    verbs: tuple[str, ...]
    label_matcher: str = ""
    """The role's field that must match the object's labels, too; empty when labels play no part."""

    def __str__(self) -> str:
        rule = f"a rule for {self.kind} with {', '.join(self.verbs)}"
        return f"{rule}, and {self.label_matcher} that match" if self.label_matcher else rule


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made, as messages name it."""

    rpc: str
    """The method without its service, e.g. GetDatabase."""
    subject: str
    """What it was about, e.g. db payments."""
    address: str
    permission: Permission | None
    """None: needs no permission."""

    def __str__(self) -> str:
        return f"{self.rpc} ({self.subject})" if self.subject else self.rpc


@dataclass(frozen=True, slots=True)
class _Meaning:
    outcome: type[Outcome]
    reason: Reason
    hint: str


_UNREACHABLE = _Meaning(Transient, Reason.TELEPORT_UNREACHABLE, "")
_FAILED = _Meaning(Transient, Reason.TELEPORT_FAILED, "")
_MEANINGS: Mapping[Status, _Meaning] = {
    Status.NOT_FOUND: _Meaning(NotFoundError, Reason.CONFLICT, "it does not exist"),
    Status.ALREADY_EXISTS: _Meaning(Conflict, Reason.CONFLICT, "it exists already"),
    Status.FAILED_PRECONDITION: _Meaning(Conflict, Reason.CONFLICT, "it changed in between"),
    Status.ABORTED: _Meaning(Conflict, Reason.CONFLICT, "it changed in between"),
    Status.INVALID_ARGUMENT: _Meaning(Blocked, Reason.TELEPORT_REQUEST_REFUSED, ""),
    Status.OUT_OF_RANGE: _Meaning(Blocked, Reason.TELEPORT_REQUEST_REFUSED, ""),
    Status.UNIMPLEMENTED: _Meaning(
        UnimplementedError,
        Reason.TELEPORT_REQUEST_REFUSED,
        "this server does not offer it, or is no Teleport auth service",
    ),
    Status.UNAUTHENTICATED: _Meaning(
        Blocked, Reason.TELEPORT_ACCESS_DENIED, "the identity is not accepted: renew it for this cluster"
    ),
    Status.UNAVAILABLE: _UNREACHABLE,
    Status.DEADLINE_EXCEEDED: _UNREACHABLE,
    Status.CANCELLED: _UNREACHABLE,
    Status.RESOURCE_EXHAUSTED: _Meaning(
        Transient, Reason.TELEPORT_FAILED, "a limit of the server is reached"
    ),
    Status.INTERNAL: _FAILED,
    Status.UNKNOWN: _FAILED,
    Status.DATA_LOSS: _FAILED,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call, translated."""

    outcome: Outcome
    code: str
    """For metrics: gRPC's status name, or what failed below: DEADLINE, WAY, TLS, CONNECTION, PROTOCOL."""
    connection_suspect: bool
    """Whether the connection should not be used again."""


def translate(error: Exception, call: Call) -> Failure:
    """What `error`, raised by grpclib or by the way in during `call`, means."""
    match error:
        case GRPCError():
            return Failure(_from_status(error, call), error.status.name, error.status is Status.UNAVAILABLE)
        case Outcome():
            return Failure(_within(call, error), "WAY", connection_suspect=True)
        case ssl.SSLError():
            meaning = meaning_of_tls(error)
            message = f"{call}: Teleport at {call.address} {meaning.problem}"
            return Failure(meaning.outcome(meaning.reason, message), "TLS", connection_suspect=True)
    code, problem = _below_grpc(error)
    message = f"{call}: Teleport at {call.address} {problem}"
    return Failure(Transient(Reason.TELEPORT_UNREACHABLE, message), code, connection_suspect=True)


def _within(call: Call, outcome: Outcome) -> Outcome:
    return type(outcome)(outcome.reason, f"{call}: {outcome.message}")


def _from_status(error: GRPCError, call: Call) -> Outcome:
    quote = quoted(error.message)
    said = f"({error.status.name}: {quote})" if quote else f"({error.status.name})"
    if error.status is Status.PERMISSION_DENIED:
        needed = f": give the operator's Teleport role {call.permission}" if call.permission else ""
        return Blocked(Reason.TELEPORT_ACCESS_DENIED, f"Teleport denied {call}{needed} {said}")
    meaning = _MEANINGS[error.status]
    hint = f": {meaning.hint}" if meaning.hint else ""
    message = f"{call} failed on Teleport at {call.address}{hint} {said}"
    return meaning.outcome(meaning.reason, message)


def _below_grpc(error: Exception) -> tuple[str, str]:
    """The layer that failed, and how to say so after "Teleport at ..."."""
    match error:
        case TimeoutError():
            return (
                "DEADLINE",
                "did not answer in time: check the address, its firewall and the network between",
            )
        case StreamTerminatedError():
            return "CONNECTION", (
                f"ended the call ({quoted(str(error))}): it is restarting, or it refuses the identity "
                "(expired, or of another cluster)"
            )
        case socket.gaierror():
            return "CONNECTION", f"cannot be resolved ({error.strerror}): check the host name"
        case OSError():
            return "CONNECTION", f"cannot be connected to ({error.strerror or type(error).__name__})"
        case _:
            return (
                "PROTOCOL",
                f"is closing the connection or speaks another protocol ({type(error).__name__})",
            )


def quoted(text: str | None) -> str:
    """A foreign text for use in a message: one line of bounded length."""
    line = one_line(text or "")
    return line if len(line) <= _MAX_QUOTE else line[: _MAX_QUOTE - 1] + "…"
