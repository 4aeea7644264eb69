"""Teleport's three tags, our owner mark, and what they decide."""

from collections.abc import Mapping

import pytest
from rds_enrollment.plan import ownership
from rds_enrollment.plan.ownership import Owner

THREE = {
    "teleport.dev/cluster": "example.teleport.sh",
    "teleport.dev/origin": "integration_awsoidc",
    "teleport.dev/integration": "prod-aws",
}
OWNER = Owner("cluster-a", "dbsvc", "teleport", "main")


def test_the_three_tags() -> None:
    assert ownership.teleport_tags("example.teleport.sh", "prod-aws") == THREE


def test_an_object_marks_what_is_its_own_and_an_operator_what_is_shared() -> None:
    assert OWNER.mark == "cluster-a/dbsvc/teleport/main"
    assert OWNER.shared_mark == "cluster-a"


@pytest.mark.parametrize(
    ("tags", "carries"),
    [
        (THREE, True),
        ({**THREE, "team": "data"}, True),
        ({}, False),
        *[({key: value for key, value in THREE.items() if key != left_out}, False) for left_out in THREE],
        *[({**THREE, changed: "other"}, False) for changed in THREE],
    ],
)
def test_all_three_tags_must_match_by_value(tags: Mapping[str, str], carries: bool) -> None:
    assert ownership.has_teleport_tags(tags, "example.teleport.sh", "prod-aws") is carries


@pytest.mark.parametrize(
    ("tags", "marked", "text"),
    [
        (
            {"rds-enrollment.dev/owner": "cluster-a/dbsvc/teleport/main"},
            True,
            "carries rds-enrollment.dev/owner=cluster-a/dbsvc/teleport/main",
        ),
        (
            {"rds-enrollment.dev/owner": "cluster-a/dbsvc/teleport/main2"},
            False,
            "carries rds-enrollment.dev/owner=cluster-a/dbsvc/teleport/main2",
        ),
        ({"rds-enrollment.dev/owner": "cluster-a"}, False, "carries rds-enrollment.dev/owner=cluster-a"),
        ({"rds-enrollment.dev/owner": ""}, False, "carries no rds-enrollment.dev/owner"),
        ({}, False, "carries no rds-enrollment.dev/owner"),
        (THREE, False, "carries no rds-enrollment.dev/owner"),
    ],
)
def test_ours_is_what_carries_exactly_our_mark(tags: Mapping[str, str], marked: bool, text: str) -> None:
    assert ownership.marked(tags, OWNER.mark) is marked
    assert ownership.owner_text(tags) == text
