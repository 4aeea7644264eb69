"""Teleport's three tags, our owner mark, and what they decide."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from rds_enrollment.api.common import AdoptionPolicy
from rds_enrollment.plan import ownership
from rds_enrollment.plan.ownership import Adoption, Owner

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


MINE = "cluster-a/dbsvc/teleport/main"
SIBLING = "cluster-a/dbsvc/teleport/sibling"
MARK = "rds-enrollment.dev/owner"


def adoption(policy: AdoptionPolicy) -> Adoption:
    return Adoption(policy=policy, owner_id="cluster-a", teleport=THREE, living=frozenset({MINE, SIBLING}))


@pytest.mark.parametrize(
    ("tags", "if_tagged", "always"),
    [
        (THREE, True, True),
        ({}, False, True),
        ({**THREE, "teleport.dev/integration": "other"}, False, True),
        ({**THREE, MARK: "cluster-a/dbsvc/teleport/gone"}, True, True),
        ({**THREE, MARK: "cluster-b/dbsvc/teleport/main"}, False, True),
        ({**THREE, MARK: "cluster-a2/dbsvc/teleport/main"}, False, True),
        ({**THREE, MARK: SIBLING}, False, False),
        ({**THREE, MARK: "cluster-a"}, False, False),
    ],
)
def test_what_may_be_adopted(tags: Mapping[str, str], if_tagged: bool, always: bool) -> None:
    assert not adoption(AdoptionPolicy.NEVER).takes(tags)
    assert adoption(AdoptionPolicy.IF_TAGGED).takes(tags) is if_tagged
    assert adoption(AdoptionPolicy.ALWAYS).takes(tags) is always


@pytest.mark.parametrize("policy", AdoptionPolicy)
def test_what_the_operator_withholds_is_not_taken_and_that_is_said(policy: AdoptionPolicy) -> None:
    """Otherwise whoever writes an object could name any role of the account, and run an image of theirs with it."""
    withheld = replace(adoption(policy), withheld=True)
    assert not withheld.takes({})
    assert not withheld.takes({**THREE, MARK: "cluster-b/dbsvc/teleport/main"})
    assert withheld.takes(THREE) is (policy is not AdoptionPolicy.NEVER)
    assert ("--adoption=Always" in withheld.note) is (policy is AdoptionPolicy.ALWAYS)
    assert adoption(policy).note == ""


def test_a_shared_resource_stays_with_the_operator_that_marked_it() -> None:
    always = adoption(AdoptionPolicy.ALWAYS)
    assert always.takes_shared(THREE)
    assert not always.takes_shared({**THREE, MARK: "cluster-b"})
    assert not adoption(AdoptionPolicy.IF_TAGGED).takes_shared({})


def test_nothing_is_written_on_shared_tags_that_differ() -> None:
    wanted = {"team": "data", **THREE}
    assert ownership.drifted_tags(wanted, {**THREE, "team": "shop", "by": "hand"}) == {"team": "data"}
    assert ownership.absent_tags(wanted, {**THREE, "team": "shop"}) == {}
    assert ownership.absent_tags(wanted, THREE) == {"team": "data"}
