"""What IAM policies allow: a small evaluator of identity policies.

AWS IAM User Guide, "Policy evaluation logic": an explicit Deny wins, then an Allow is needed. A statement with a
Condition is taken for one that applies when it allows, and for one that does not when it denies: whether it holds can
be seen at the time of a call only.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rds_enrollment.plan import policies
from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.policies import Statement


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource; the resource may be a pattern."""

    action: str
    resource: str


def grants(documents: Iterable[Document]) -> tuple[Grant, ...]:
    """What the Allow statements of documents name, each pair once, sorted."""
    return tuple(
        sorted(
            {
                Grant(action, resource)
                for document in documents
                for statement in policies.statements(document)
                if statement.get("Effect") == "Allow"
                for action in _texts(statement.get("Action"))
                for resource in _texts(statement.get("Resource"))
            }
        )
    )


def lacking(documents: Sequence[Document], needed: Iterable[Document]) -> tuple[Grant, ...]:
    """What `needed` allows and `documents` do not."""
    return tuple(grant for grant in grants(needed) if not allows(documents, grant))


def policy_of(wishes: Iterable[Grant]) -> Document:
    """A policy that allows exactly these, a statement for each resource."""
    by_resource: dict[str, list[str]] = {}
    for wish in wishes:
        by_resource.setdefault(wish.resource, []).append(wish.action)
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for resource, actions in by_resource.items()
    ]
    return policies.policy(*statements)


def allows(documents: Iterable[Document], grant: Grant) -> bool:
    """Whether the policies allow an action on a resource, or on everything that a pattern of resources names."""
    effects = {
        str(statement.get("Effect"))
        for document in documents
        for statement in policies.statements(document)
        if _applies(statement, grant)
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Statement, grant: Grant) -> bool:
    if statement.get("Effect") == "Deny" and statement.get("Condition"):
        return False
    return _names(statement, "Action", grant.action, ignore_case=True) and _names(
        statement, "Resource", grant.resource, ignore_case=False
    )


def _names(statement: Statement, element: str, value: str, *, ignore_case: bool) -> bool:
    """Whether Action or NotAction (Resource or NotResource) takes a value in."""
    if f"Not{element}" in statement:
        return not any(matches(item, value, ignore_case) for item in _texts(statement[f"Not{element}"]))
    return any(matches(item, value, ignore_case) for item in _texts(statement.get(element)))


@lru_cache(maxsize=4096)
def matches(pattern: str, value: str, ignore_case: bool) -> bool:
    """IAM's wildcards: `*` for any characters, `?` for one. A `*` in `value` is matched by a `*` only."""
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), value, re.IGNORECASE if ignore_case else 0) is not None


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
