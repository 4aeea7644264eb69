"""Drift is a write for what was in place already."""

from dataclasses import dataclass, replace
from enum import Enum

import pytest
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.deployment.aim import aim as deployment_aim
from rds_enrollment.plan.deployment.shape import shape_differences, shape_of
from rds_enrollment.plan.drift import corrections, digest, settled_after
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.steps.ecs import DeleteTaskDefinition, UpdateService
from rds_enrollment.plan.steps.iam import DeleteRole
from rds_enrollment.plan.steps.logs import PutRetentionPolicy

from tests.unit.plan.deployment.build import SERVICE_SEEN, WANTED, arn, world

SERVICE = ConditionType.SERVICE_DEPLOYED
ROLE = DeleteRole(condition=ConditionType.ROLE_READY, role="agents")


@dataclass(frozen=True)
class Thing:
    name: str
    tags: object


class Word(Enum):
    ONE = "one"


def test_a_digest_is_of_the_meaning() -> None:
    one = Thing("a", {"x": frozenset({"b", "a", "c"}), "y": (1, None, Word.ONE)})
    other = Thing("a", {"y": [1, None, "one"], "x": {"c", "a", "b"}})
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "other", [Thing("b", {}), Thing("a", {"x": "1"}), ("a", {}), Thing("a", ()), Thing("a", None)]
)
def test_what_differs_has_another_digest(other: object) -> None:
    assert digest(Thing("a", {})) != digest(other)


def test_strings_cannot_pass_for_structure() -> None:
    assert digest(["a,b"]) != digest(["a", "b"])
    assert digest(["a','b"]) != digest(["a", "b"])


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical form"):
        digest([object()])


@pytest.mark.parametrize(
    ("settled", "aim", "corrected"),
    [("same", "same", (ROLE,)), ("old", "new", ()), (None, "new", ()), ("same", None, ()), (None, None, ())],
)
def test_only_what_was_in_place_can_have_drifted(
    settled: str | None, aim: str | None, corrected: tuple[object, ...]
) -> None:
    assert corrections(settled, aim, [ROLE]) == corrected


def test_tidying_up_and_another_try_correct_nothing() -> None:
    shape = shape_of(SERVICE_SEEN)
    again = UpdateService(condition=SERVICE, cluster="c", service="s", shape=shape, force=True)
    tidy = DeleteTaskDefinition(condition=SERVICE, arn=arn(1))
    assert corrections("same", "same", [again, tidy]) == ()


@pytest.mark.parametrize(
    ("settled", "aim", "ready", "after"),
    [
        (None, "v1", False, None),  # on its way for the first time
        (None, "v1", True, "v1"),
        ("v1", None, False, "v1"),  # not seen in full, or a pass without a write
        ("v1", None, True, "v1"),
        ("v1", "v1", False, "v1"),  # drifted, and not back yet
        ("v1", "v2", False, None),  # something new: going back to v1 now would be progress, too
        ("v1", "v2", True, "v2"),
    ],
)
def test_what_is_new_counts_once_it_is_in_place(
    settled: str | None, aim: str | None, ready: bool, after: str | None
) -> None:
    assert settled_after(settled, aim, ready=ready) == after


def test_a_deployments_aim_needs_its_network() -> None:
    assert deployment_aim(WANTED, world(subnets=Unseen())) is None
    assert digest(deployment_aim(WANTED, world())) == digest(deployment_aim(WANTED, world(role=None)))


def test_a_step_tells_what_it_changes() -> None:
    shape = shape_of(SERVICE_SEEN)
    scaled = shape_of(replace(SERVICE_SEEN, desired_count=5))
    changed = shape_differences(scaled, shape)
    step = UpdateService(condition=SERVICE, cluster="c", service="agents", shape=shape, changed=changed)
    assert step.words == "Update ECS service agents: desiredCount 5 to 2"
    assert shape_differences(shape, shape) == ()
    put = PutRetentionPolicy(condition=SERVICE, group="agents", days=7, changed=("retentionInDays 14 to 7",))
    assert put.words == "Put retention of CloudWatch log group agents: retentionInDays 14 to 7"
    assert ROLE.words == "Delete IAM role agents"
