"""Asks before every request to AWS, and reports every call to an observer, through botocore's event hooks."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from botocore.parsers import ResponseParserError

from rds_enrollment.runtime.fence import Guard

if TYPE_CHECKING:
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel

logger = logging.getLogger(__name__)

_STARTED = "rds_enrollment_started"
_ATTEMPTS = "rds_enrollment_attempts"


class CallObserver(Protocol):
    """Told once per call, when it is over, on the thread that made it."""

    def __call__(
        self,
        *,
        service: str,
        region: str,
        operation: str,
        status_code: int,
        error_code: str,
        seconds: float,
        retries: int,
    ) -> None:
        """Takes one finished call.

        Args:
            service: e.g. `ecs`.
            region: the client's, `aws-global` for a global endpoint.
            operation: e.g. `DescribeClusters`.
            status_code: of the last HTTP answer, 0 when there was none.
            error_code: AWS's, or the exception's name when there was no answer; empty on success.
            seconds: all attempts and the pauses between them.
            retries: attempts after the first.
        """


Pace = Callable[[str], None]
"""Told the region of each request; returns when it may be sent."""

FailureListener = Callable[[str, str, str, int, Exception | None], None]
"""(`service:Operation`, error code, AWS's text, HTTP status, exception when there was no answer)."""


class CallHooks:
    """Listens to one session's events. Clients copy a session's hooks when they are made."""

    def __init__(
        self,
        observe: CallObserver,
        on_failure: FailureListener,
        guard: Guard,
        pace: Pace,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._observe = observe
        self._pace = pace
        self._on_failure = on_failure
        self._guard = guard
        self._monotonic = monotonic

    def register(self, events: "BaseEventHooks") -> None:
        """Hooks into every client that is made afterwards."""
        events.register("before-call.*", self._before)
        events.register("before-sign.*", self._signing)
        events.register("before-send.*", self._sending)
        events.register("response-received.*", self._attempted)
        events.register("after-call.*", self._answered)
        events.register("after-call-error.*", self._failed)

    def _before(self, context: dict[str, Any], **_: Any) -> None:
        context[_STARTED] = self._monotonic()

    def _signing(self, region_name: str, **_: Any) -> None:
        """Before each attempt: a signature is good for five minutes, and the guard is asked after the wait."""
        self._pace(region_name)

    def _sending(self, **_: Any) -> None:
        """Before each attempt: botocore pauses between them."""
        self._guard()

    def _attempted(self, context: dict[str, Any], **_: Any) -> None:
        context[_ATTEMPTS] = context.get(_ATTEMPTS, 0) + 1

    def _answered(
        self,
        http_response: Any,
        parsed: dict[str, Any],
        model: "OperationModel",
        context: dict[str, Any],
        event_name: str,
        **_: Any,
    ) -> None:
        status = int(http_response.status_code)
        error = parsed.get("Error", {}) if status >= 300 else {}
        code = str(error.get("Code", ""))
        self._report(event_name, context, status, code, _request_id(parsed))
        if status >= 300:
            self._on_failure(_operation(event_name), code, str(error.get("Message", "")), status, None)
        else:
            _demand_content(parsed, model)

    def _failed(self, exception: Exception, context: dict[str, Any], event_name: str, **_: Any) -> None:
        self._report(event_name, context, 0, type(exception).__name__, "")
        self._on_failure(_operation(event_name), "", "", 0, exception)

    def _report(
        self, event_name: str, context: dict[str, Any], status: int, code: str, request_id: str
    ) -> None:
        service, operation = _operation(event_name).split(":")
        logger.debug(
            "%s:%s answered %s",
            service,
            operation,
            code or status,
            extra={"region": context["client_region"], "status_code": status, "request_id": request_id},
        )
        self._observe(
            service=service,
            region=context["client_region"],
            operation=operation,
            status_code=status,
            error_code=code,
            seconds=self._monotonic() - context[_STARTED],
            retries=max(0, context.get(_ATTEMPTS, 1) - 1),
        )


def _demand_content(parsed: dict[str, Any], model: "OperationModel") -> None:
    """botocore lets a body that is no JSON pass as an answer without members, which would read as absence."""
    if getattr(model.output_shape, "members", None) and parsed.keys() <= {"ResponseMetadata"}:
        raise ResponseParserError(f"the answer to {model.name} has no content")


def _request_id(parsed: dict[str, Any]) -> str:
    """AWS's name for the request, which its support asks for."""
    return str(parsed.get("ResponseMetadata", {}).get("RequestId", ""))


def _operation(event_name: str) -> str:
    """`after-call.ecs.CreateCluster` -> `ecs:CreateCluster`."""
    _, service, operation = event_name.split(".")
    return f"{service}:{operation}"


def unobserved(**_: Any) -> None:
    """The observer of who does not count."""
