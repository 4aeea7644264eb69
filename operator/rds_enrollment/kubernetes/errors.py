"""One table from the API server's answers to outcomes."""

from dataclasses import dataclass

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, in RBAC's words: the verb and the resource that a Role would have to name."""

    verb: str
    resource: str
    target: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.target}"


class ApiError(Exception):
    """The API server answered with a Status other than success.

    `status`: HTTP code; `message`: the server's sentence; `invalid_fields`: paths that validation refused.
    """

    def __init__(self, status: int, message: str, invalid_fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.message = message
        self.invalid_fields = invalid_fields


def translate(error: ApiError, request: Request) -> Outcome:
    """The outcome of a refused request. Codes: Kubernetes API conventions, "HTTP Status codes"."""
    text = f"{request}: {error.message}"
    match error.status:
        case 401:
            return Blocked(
                Reason.ACCESS_DENIED, f"the API server does not accept the operator's token: {text}"
            )
        case 403:
            return Blocked(
                Reason.ACCESS_DENIED,
                f"allow the operator's service account to {request.verb} {request.resource}: {error.message}",
            )
        case 409:
            return Conflict(Reason.CONFLICT, text)
        case 408 | 410 | 429:
            return Transient(Reason.KUBERNETES_UNAVAILABLE, text)
        case status if status >= 500:
            return Transient(Reason.KUBERNETES_UNAVAILABLE, text)
    return Blocked(Reason.KUBERNETES_REQUEST_REFUSED, text)


def out_of_date(error: ApiError, method: str, *, json_patch: bool) -> bool:
    """Whether the object was changed or deleted since it was read.

    A JSON patch whose `test` fails is answered 422 without naming a field; a refused value names its field.
    """
    if json_patch and error.status == 422:
        return not error.invalid_fields
    return error.status in (404, 409) and method in ("PUT", "PATCH")


def unreachable(request: Request, cause: BaseException) -> Transient:
    """No answer: the write, if it was one, may or may not have taken effect."""
    what = str(cause).partition("\n")[0] or type(cause).__name__
    return Transient(Reason.KUBERNETES_UNAVAILABLE, f"{request}: {what}")
