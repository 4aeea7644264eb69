"""Making a call: session, deadline, translation of failures, measurement. Everything that is sent goes through here."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from grpclib.client import UnaryUnaryMethod

from rds_enrollment.runtime.fence import NotLeadingError
from rds_enrollment.teleport.connection import Connection, Session
from rds_enrollment.teleport.errors import Call, Permission, translate

logger = logging.getLogger(__name__)

ObserveCall = Callable[[str, str, float], None]
"""Is told of every call: its RPC's name, its result code (OK, or Failure.code) and its duration in seconds."""

CALL_SECONDS = 15.0
LISTING_SECONDS = 60.0
"""Deadlines. A listing of thousands of objects is megabytes."""

_Request = TypeVar("_Request")
_Reply = TypeVar("_Reply")
_T = TypeVar("_T")


def unobserved(rpc: str, code: str, seconds: float) -> None:
    """The ObserveCall that drops what it is told."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Makes calls over a connection."""

    connection: Connection
    observe_call: ObserveCall = unobserved
    timer: Callable[[], float] = time.monotonic
    """Seconds of a monotonic clock."""

    async def __call__(
        self,
        method_of: Callable[[Session], UnaryUnaryMethod[_Request, _Reply]],
        request: _Request,
        *,
        permission: Permission | None,
        subject: str = "",
        deadline_seconds: float = CALL_SECONDS,
    ) -> _Reply:
        """Sends `request` and returns the answer.

        `permission` and `subject` are for messages. Raises an Outcome, NotFoundError among them, or (a write)
        NotLeadingError, and nothing else.
        """
        session = self.connection.session()
        method = method_of(session)
        rpc = method.name.rpartition("/")[2]
        started = self.timer()
        code = "CANCELLED"
        try:
            with session.in_use():
                reply = await _in_own_task(method(request, timeout=deadline_seconds))
            code = "OK"
        except NotLeadingError:
            raise
        except Exception as error:
            # grpclib raises what it meets, down to AssertionError and AttributeError on a closing transport.
            call = Call(rpc, subject, str(self.connection.address), permission)
            failure = translate(error, call)
            code = failure.code
            if failure.connection_suspect:
                self.connection.discard(session)
            raise failure.outcome from error
        finally:
            logger.debug("%s answered %s", rpc, code, extra={"subject": subject})
            self.observe_call(rpc, code, self.timer() - started)
        return reply


async def _in_own_task(call: Coroutine[Any, Any, _T]) -> _T:
    """Awaits `call` in a task of its own.

    grpclib wakes a call that fails by cancelling its task, and never takes that back: a caller's task group or
    timeout would later take the mark for a cancellation of its own.
    """
    task = asyncio.ensure_future(call)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
    return task.result()
