"""Teleport versions (Semantic Versioning 2.0.0): their order, and what an agent of one has."""

import re

_SEMANTIC = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")

Order = tuple[int, int, int, bool, tuple[tuple[int, int, str], ...]]


def order(version: str) -> Order | None:
    """A key that sorts versions; None for what is none, such as an image's tag `latest`."""
    match = _SEMANTIC.fullmatch(version)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    return int(major), int(minor), int(patch), pre is None, _identifiers(pre or "")


def newer(version: str, other: str) -> bool:
    """Whether `version` is above `other`; never, when one of them is no version."""
    one, two = order(version), order(other)
    return one is not None and two is not None and one > two


def same_major(version: str, other: str) -> bool:
    """Whether both have one major version; never, when one of them is no version."""
    one, two = order(version), order(other)
    return one is not None and two is not None and one[0] == two[0]


def tells_readiness(version: str) -> bool:
    """Whether its distroless image has the command `teleport debug readyz` (Teleport CHANGELOG.md, 18.6.4)."""
    return version == _READYZ_SINCE or newer(version, _READYZ_SINCE)


_READYZ_SINCE = "18.6.4"


def _identifiers(pre: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers sort below words."""
    return tuple((0, int(item), "") if item.isdigit() else (1, 0, item) for item in pre.split(".") if item)
