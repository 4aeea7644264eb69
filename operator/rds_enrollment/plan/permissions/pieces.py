"""A policy in pieces that IAM takes as managed policies."""

import json
from collections.abc import Iterator

from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.policies import Statement

MAX_CHARACTERS = 6144
"""Of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas"). All inline policies of a
role may have 10,240 together, which is not much more."""


def pieces(document: Document) -> tuple[Document, ...]:
    """The same permissions in as many policies as it takes, the statements in their order.

    A statement that is too long by itself goes into several, each for some of its resources; one with a single
    resource stays as it is.
    """
    found: list[list[Statement]] = [[]]
    for statement in document["Statement"]:
        for part in _fitting(document, statement):
            if found[-1] and not _fits(document, [*found[-1], part]):
                found.append([])
            found[-1].append(part)
    return tuple({**document, "Statement": statements} for statements in found)


def _fitting(document: Document, statement: Statement) -> Iterator[Statement]:
    resources = statement["Resource"]
    if _fits(document, [statement]) or len(resources) < 2:
        yield statement
        return
    half = len(resources) // 2
    for number, some in enumerate((resources[:half], resources[half:]), 1):
        yield from _fitting(document, {**statement, "Sid": f"{statement['Sid']}p{number}", "Resource": some})


def _fits(document: Document, statements: list[Statement]) -> bool:
    return len(json.dumps({**document, "Statement": statements}, separators=(",", ":"))) <= MAX_CHARACTERS
