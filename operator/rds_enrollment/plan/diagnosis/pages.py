"""Where the docs say more of a reason: the end of the message that tells it."""

from dataclasses import replace

from rds_enrollment.api.base import clip
from rds_enrollment.api.conditions import MESSAGE_BYTES, ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.part import Part

REASONS_PAGE = "docs/reference/reasons.md"
"""In the repository, which is meant where no site of the docs is known."""
_BUILT_PAGE = "reference/reasons.html"
"""In the site that is built of docs/."""
_OF_DATABASES = frozenset({Reason.UNREACHABLE, Reason.INTERFACE_AMBIGUOUS})


def with_page(part: Part, docs_url: str) -> Part:
    """The same part; if it tells of databases that are not reached, its message ends with the page."""
    verdict = part.verdict
    if verdict.status is ConditionStatus.TRUE or verdict.reason not in _OF_DATABASES:
        return part
    end = f" {more(verdict.reason, docs_url)}"
    message = clip(verdict.message.removesuffix(end), MESSAGE_BYTES - len(end.encode()))
    return replace(part, verdict=replace(verdict, message=f"{message}{end}"))


def more(reason: Reason, docs_url: str) -> str:
    """The end of a message. `docs_url` is that of the site, empty where none is known."""
    page = f"{docs_url.rstrip('/')}/{_BUILT_PAGE}" if docs_url else REASONS_PAGE
    return f"More: {page}#{reason.lower()}"
