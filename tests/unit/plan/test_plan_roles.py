"""One IAM role: created, mended, left alone, removed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.common import AdoptionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Role
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.ownership import Adoption
from rds_enrollment.plan.roles import WantedRole, removal, role_part
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.iam import (
    CreateRole,
    DeleteRole,
    DeleteRolePolicy,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    TagRole,
    UpdateRoleTrust,
)

READY = ConditionType.ROLE_READY
MARK = "cluster-a/dbsvc/teleport/main"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs"}}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:Read", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:Write", "Resource": "*"}]}
BOUNDARY = "arn:aws:iam::123456789012:policy/bounded"
THEIRS = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
WANTED = WantedRole(
    name="agents",
    description="What agents run with.",
    trust=TRUST,
    policies={"Write": WRITE, "Read": READ},
    tags={"rds-enrollment.dev/owner": MARK, "team": "data"},
    mark=MARK,
)
ROLE = Role(
    name="agents",
    arn="arn:aws:iam::123456789012:role/agents",
    path="/",
    trust=TRUST,
    tags={"rds-enrollment.dev/owner": MARK, "team": "data"},
    policies={"Read": READ, "Write": WRITE},
)
PUT_READ = PutRolePolicy(condition=READY, role="agents", policy="Read", document=READ)
PUT_WRITE = PutRolePolicy(condition=READY, role="agents", policy="Write", document=WRITE)


def test_an_absent_role_is_created_with_its_policies() -> None:
    part = role_part(WANTED, None, 1)
    create = CreateRole(
        condition=READY,
        role="agents",
        description="What agents run with.",
        trust=TRUST,
        tags={"rds-enrollment.dev/owner": MARK, "team": "data"},
    )
    assert part.steps == (create, PUT_WRITE, PUT_READ)
    assert part.verdict.status is ConditionStatus.UNKNOWN


def test_path_and_boundary_are_the_specs() -> None:
    bounded = replace(WANTED, path="/teams/", permissions_boundary=BOUNDARY)
    create = role_part(bounded, None, 1).steps[0]
    assert isinstance(create, CreateRole)
    assert (create.path, create.permissions_boundary) == ("/teams/", BOUNDARY)

    misplaced = role_part(bounded, ROLE, 1)
    assert (misplaced.steps, misplaced.verdict.reason) == ((), Reason.ROLE_PATH_DIFFERS)

    seen = replace(ROLE, path="/teams/")
    put = PutRolePermissionsBoundary(condition=READY, role="agents", policy_arn=BOUNDARY)
    assert role_part(bounded, seen, 1).steps == (put,)
    assert role_part(bounded, replace(seen, permissions_boundary=BOUNDARY), 1).done


def test_a_boundary_that_the_spec_does_not_name_is_somebodys_safeguard() -> None:
    assert role_part(WANTED, replace(ROLE, permissions_boundary=BOUNDARY), 1).done


OBSERVED = replace(WANTED, managed=False)
THEIR_ROLE = replace(ROLE, tags={}, path="/elsewhere/")


@pytest.mark.parametrize(
    ("policies", "lacks"),
    [
        ({"Read": READ, "Write": WRITE}, ""),
        ({"All": {**READ, "Statement": {"Effect": "Allow", "Action": "a:*", "Resource": "*"}}}, ""),
        ({"Read": READ}, "a:Write on *"),
        ({}, "a:Read on *, a:Write on *"),
        (
            {
                "Read": READ,
                "Write": WRITE,
                "No": {**READ, "Statement": [{"Effect": "Deny", "Action": "a:W*", "Resource": "*"}]},
            },
            "a:Write on *",
        ),
    ],
)
def test_an_observed_role_is_judged_by_what_it_allows(policies: Mapping[str, Any], lacks: str) -> None:
    part = role_part(OBSERVED, replace(THEIR_ROLE, policies=policies), 1)
    assert part.steps == ()
    assert part.done is not bool(lacks)
    if lacks:
        assert part.verdict.reason is Reason.ROLE_LACKS_PERMISSIONS
        assert f"does not allow {lacks}." in part.verdict.message
        assert '{"Effect":"Allow","Action":[' in part.verdict.message


BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


@pytest.mark.parametrize(
    ("policies", "boundary", "said"),
    [
        (
            {"Read": READ, "Write": WRITE},
            {**READ, "Statement": [*READ["Statement"], *WRITE["Statement"]]},
            (),
        ),
        (
            {"Read": READ, "Write": WRITE},
            READ,
            (
                f"Permissions boundary {BOUNDARY} of IAM role {THEIR_ROLE.arn} does not allow a:Write on *.",
                'Let its owner add to the boundary the policy {"Version":"2012-10-17",',
            ),
        ),
        (
            {"Read": READ},
            READ,
            (
                "IAM role",
                "does not allow a:Write on *.",
                f"Its permissions boundary {BOUNDARY} bars some, too.",
            ),
        ),
    ],
)
def test_a_permissions_boundary_of_an_observed_role_counts(
    policies: Mapping[str, Any], boundary: Mapping[str, Any], said: Sequence[str]
) -> None:
    seen = replace(THEIR_ROLE, policies=policies, permissions_boundary=BOUNDARY, boundary=boundary)
    part = role_part(OBSERVED, seen, 1)
    assert (part.steps, part.done) == ((), not said)
    for text in said:
        assert text in part.verdict.message


def test_an_observed_role_must_be_there_and_trust_who_assumes_it() -> None:
    absent = role_part(OBSERVED, None, 1)
    assert (absent.steps, absent.verdict.reason) == ((), Reason.ROLE_NOT_FOUND)
    assert '"Action":"sts:AssumeRole"' in absent.verdict.message
    untrusting = role_part(OBSERVED, replace(THEIR_ROLE, trust={}), 1)
    assert (untrusting.steps, untrusting.verdict.reason) == ((), Reason.ROLE_NOT_TRUSTED)


def test_a_role_as_wanted_is_ready() -> None:
    part = role_part(WANTED, ROLE, 1)
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE
    assert "arn:aws:iam::123456789012:role/agents" in part.verdict.message


@pytest.mark.parametrize(
    "drift",
    [
        {"trust": {**TRUST, "Statement": [*TRUST["Statement"], THEIRS]}},
        {"tags": {"rds-enrollment.dev/owner": MARK, "team": "data", "by": "hand"}},
        {"policies": {"Read": READ, "Write": WRITE, "Theirs": READ}},
        {"policies": {"Read": {**READ, "Statement": READ["Statement"][0]}, "Write": WRITE}},
    ],
)
def test_what_others_add_to_our_role_stays(drift: Mapping[str, Any]) -> None:
    assert role_part(WANTED, replace(ROLE, **drift), 1).done


@pytest.mark.parametrize(
    ("drift", "steps"),
    [
        ({"policies": {"Read": READ}}, (PUT_WRITE,)),
        ({"policies": {}}, (PUT_WRITE, PUT_READ)),
        (
            {"tags": {"rds-enrollment.dev/owner": MARK, "team": "sales", "by": "hand"}},
            (TagRole(condition=READY, role="agents", tags={"team": "data"}),),
        ),
        ({"policies": {"Read": WRITE, "Write": WRITE}}, (PUT_READ,)),
        (
            {"trust": {"Version": "2012-10-17", "Statement": [THEIRS]}},
            (
                UpdateRoleTrust(
                    condition=READY,
                    role="agents",
                    trust={"Version": "2012-10-17", "Statement": [THEIRS, TRUST["Statement"][0]]},
                ),
            ),
        ),
        (
            {"trust": {"Version": "2012-10-17", "Statement": []}, "policies": {"Write": WRITE}},
            (UpdateRoleTrust(condition=READY, role="agents", trust=TRUST), PUT_READ),
        ),
    ],
)
def test_our_role_is_mended(drift: Mapping[str, Any], steps: tuple[Step, ...]) -> None:
    part = role_part(WANTED, replace(ROLE, **drift), 1)
    assert part.steps == steps
    assert not part.done


@pytest.mark.parametrize(
    "tags", [{}, {"rds-enrollment.dev/owner": "other"}, {"rds-enrollment.dev/owner": "cluster-a"}]
)
def test_a_role_that_is_not_ours_is_left_alone(tags: Mapping[str, str]) -> None:
    foreign = replace(ROLE, tags=tags, policies={}, trust={})
    part = role_part(WANTED, foreign, 1)
    assert part.steps == ()
    assert part.verdict.status is ConditionStatus.FALSE
    assert part.verdict.reason is Reason.OWNED_BY_ANOTHER
    assert ROLE.arn in part.verdict.message
    assert isinstance(part.outcome, Blocked)
    assert removal(foreign, MARK) == ()


def test_an_unread_role_is_neither_made_nor_mended() -> None:
    outcome = Transient(Reason.AWS_UNAVAILABLE, "503")
    part = role_part(WANTED, Unseen(outcome), 3)
    assert (part.steps, part.outcome, part.done) == ((), outcome, False)
    assert part.verdict.status is ConditionStatus.UNKNOWN
    assert not part.verdict.soft


def test_a_role_of_ours_goes_after_its_policies() -> None:
    assert removal(ROLE, MARK) == (
        DeleteRolePolicy(condition=READY, role="agents", policy="Read"),
        DeleteRolePolicy(condition=READY, role="agents", policy="Write"),
        DeleteRole(condition=READY, role="agents"),
    )


def test_an_adopted_role_is_tagged_before_anything_else() -> None:
    adoption = Adoption(policy=AdoptionPolicy.IF_TAGGED, owner_id="cluster-a", teleport={"by": "wizard"})
    wanted = replace(WANTED, adoption=adoption)
    theirs = replace(ROLE, tags={"by": "wizard"}, policies={})
    part = role_part(wanted, theirs, 1)
    assert part.steps == (TagRole(condition=READY, role="agents", tags=WANTED.tags),)
    assert role_part(wanted, replace(theirs, tags={}), 1).verdict.reason is Reason.OWNED_BY_ANOTHER
