"""What a failed AWS call means: the table by which the operator judges it, in its order."""

from collections.abc import Iterable

from rds_enrollment.aws.error_row import Row
from rds_enrollment.aws.error_table import TABLE, UNKNOWN_REFUSAL, UNKNOWN_SERVER_ERROR
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Terminal, Transient, Waiting

from hack.docsgen.markdown import code, escape, page, table

_OUTCOMES: dict[type[Outcome], str] = {
    Terminal: "The spec has to change: `Stalled`.",
    Blocked: "Somebody has to act: tried again ever more slowly.",
    Transient: "It passes: tried again with growing pauses; a condition becomes `Unknown` at the third time in a row.",
    Conflict: "Something else wrote: read again at once.",
    Waiting: "AWS is not ready yet: looked at again after the seconds given.",
}
_INTRODUCTION = (
    "The first row that fits decides. A condition that a failed call lowers carries the reason of the row; its message "
    "has the call, the resource, AWS's code and text, and what to do."
)
_ANY = "any"


def render() -> dict[str, str]:
    """Text of the page by file name."""
    rows = [*TABLE, UNKNOWN_SERVER_ERROR, UNKNOWN_REFUSAL]
    source = "operator/rds_enrollment/aws/error_table.py"
    judged = table(("Error", "Of", "Reason", "Then", "Advice"), (_cells(row) for row in rows))
    outcomes = table(("Then", "Means"), ((kind.__name__, text) for kind, text in _OUTCOMES.items()))
    return {"aws-errors.md": page("AWS errors", source, _INTRODUCTION, judged, outcomes)}


def _cells(row: Row) -> tuple[str, ...]:
    after = f" ({row.after:g} s)" if row.after else ""
    return (
        _errors(row),
        _operations(row),
        code(row.reason),
        f"{row.outcome.__name__}{after}",
        _advice(row),
    )


def _advice(row: Row) -> str:
    """What a message would name is told in general."""
    return escape(row.advice.format(action="the action", target="the resource"))


def _errors(row: Row) -> str:
    named = _listed([*sorted(row.codes), *(kind.__name__ for kind in row.exceptions)])
    if not named:
        named = (
            "any other, with an HTTP status of 500 or more" if row is UNKNOWN_SERVER_ERROR else "any other"
        )
    texts = _listed(row.texts)
    return f"{named}, with {texts} in its text" if texts else named


def _operations(row: Row) -> str:
    return _ANY if row.operations == ("*",) else _listed(row.operations)


def _listed(items: Iterable[str]) -> str:
    return ", ".join(map(code, items))
