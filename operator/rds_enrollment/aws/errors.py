"""Turns what botocore raises into the outcomes of a pass. The judgement is in `error_table`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from rds_enrollment.aws.error_row import Row
from rds_enrollment.aws.error_table import CREDENTIAL_REASONS, row_of_answer, row_of_exception
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.text import one_line

_TEXT_LENGTH = 300
_RESOURCE_LENGTH = 200

_SECRET_PART = re.compile(
    r"The Canonical String|The String-to-Sign|Encoded authorization failure message"
    r"|(?<=invalid XML received)|(?<=Invalid header value)|(?<=Failed to parse)"
)
"""From here on texts quote the request with its session token, a blob that nobody can read, an answer that may be STS's
with keys, or a proxy's URL with its password. The first three are AWS's own, the others botocore's."""

_DENIED = re.compile(r"not authorized to perform: (?P<action>[\w:*-]+)(?: on resource: (?P<target>\S+))?")
"""AWS's own words on the missing permission (IAM User Guide, "Troubleshoot access denied error messages")."""


@contextmanager
def translated(operation: str, resource: str) -> Iterator[None]:
    """Raises an `Outcome` for whatever the AWS call within raises.

    Args:
        operation: `service:Operation`, as in an IAM policy.
        resource: what is read or written, as a person would name it.
    """
    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError, OSError) as error:
        outcome = translate(error, operation, resource)
        if outcome is None:
            raise
        raise outcome from (None if _may_tell_secrets(error, outcome) else error)


@contextmanager
def gone_is_done(*codes: str) -> Iterator[None]:
    """Takes an answer with one of the error `codes` for success: what is to be removed is not there.

    For EC2, which models no exceptions: only the code tells (EC2 API, "Error codes", Client error codes).
    """
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in codes:
            raise


def translate(error: Exception, operation: str, resource: str) -> Outcome | None:
    """The outcome that stands for `error`, or None when only a bug can have caused it."""
    if isinstance(error, ClientError):
        return _of_answer(error, operation, resource)
    row = row_of_exception(error)
    if row is None:
        return None
    cause = f"{type(error).__name__}: {_quotable(str(error))}"
    return row.build(_message(row, operation, resource, cause))


def _may_tell_secrets(error: Exception, outcome: Outcome) -> bool:
    """A cause is printed with its whole text."""
    return outcome.reason in CREDENTIAL_REASONS or _SECRET_PART.search(str(error)) is not None


def _of_answer(error: ClientError, operation: str, resource: str) -> Outcome:
    operation = _failed_operation(error, operation)
    answer = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code, text = str(answer.get("Code", "")), str(answer.get("Message", ""))
    row = row_of_answer(operation, code, text, int(metadata.get("HTTPStatusCode", 0)))
    cause = code if row.reason in CREDENTIAL_REASONS else f"{code}: {_quotable(text)}"
    # No request id: a failure that repeats must read the same, or each one costs a write of the status and an event.
    return row.build(_message(row, operation, resource, cause, text))


def _failed_operation(error: ClientError, operation: str) -> str:
    """botocore fetches credentials, of the own role and of those that are assumed, in the middle of any other call."""
    if error.operation_name.startswith("AssumeRole"):
        return f"sts:{error.operation_name}"
    return operation


def _message(row: Row, operation: str, resource: str, cause: str, text: str = "") -> str:
    denied = _DENIED.search(text)
    action = denied["action"] if denied else operation
    target = denied["target"] if denied else None
    advice = row.advice.format(action=action, target=target or "the resource")
    return f"{operation} on {_shortened(resource, _RESOURCE_LENGTH)}: {cause.rstrip('.: ')}. {advice}"


def _quotable(text: str) -> str:
    text = _SECRET_PART.split(text, maxsplit=1)[0]
    return _shortened(one_line(text), _TEXT_LENGTH)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
