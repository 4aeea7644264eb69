"""Versions of Teleport: their order, and what agents of one have."""

from itertools import pairwise

import pytest
from rds_enrollment.plan.versions import newer, order, same_major, tells_readiness

ASCENDING = (
    "17.7.9",
    "18.0.0-alpha",
    "18.0.0-alpha.1",
    "18.0.0-alpha.2",
    "18.0.0-alpha.10",
    "18.0.0-beta.1",
    "18.0.0",
    "18.0.9",
    "18.0.10",
    "18.10.0",
    "19.0.0",
)
"""Semantic Versioning 2.0.0, 11."""


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ASCENDING)))
def test_order(lower: str, higher: str) -> None:
    assert newer(higher, lower)
    assert not newer(lower, higher)
    assert not newer(lower, lower)


@pytest.mark.parametrize("text", ["", "latest", "v18.0.0", "18", "18.0", "18.0.0.1", "18.0.x"])
def test_what_is_no_version_is_never_newer(text: str) -> None:
    assert order(text) is None
    assert not newer(text, "18.0.0")
    assert not newer("18.0.0", text)
    assert not same_major(text, "18.0.0")


def test_builds_have_no_order() -> None:
    assert order("18.0.0+one") == order("18.0.0+two")


def test_majors() -> None:
    assert same_major("18.0.0", "18.9.1-beta.1")
    assert not same_major("18.0.0", "19.0.0")


@pytest.mark.parametrize(
    ("version", "tells"),
    [
        *[("17.9.9", False), ("18.0.0", False), ("18.6.3", False), ("18.6.4-rc.1", False)],
        *[("18.6.4", True), ("18.7.0", True), ("19.0.0", True), ("latest", False)],
    ],
)
def test_readiness(version: str, tells: bool) -> None:
    assert tells_readiness(version) is tells
