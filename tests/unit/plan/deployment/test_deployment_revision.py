"""The task definition: which revision fits, when one is registered, and which ones are surplus."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.revision import (
    KEPT_REVISIONS,
    collects,
    fitting_revision,
    revision_part,
)
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import TaskDefinition
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.ecs import (
    DeleteTaskDefinition,
    DeregisterTaskDefinition,
    RegisterTaskDefinition,
    TagEcsResource,
)

from tests.unit.plan.deployment.build import (
    FAMILY,
    FOREIGN_TAGS,
    TAGS,
    TELEPORT_TAGS,
    WANTED,
    arn,
    rollout,
    service,
    task_definition,
    world,
)

REGISTERED = ConditionType.TASK_DEFINITION_REGISTERED
OLD = task_definition(1, version="17.0.0")
NEW = task_definition(2)


def registers(seen: DeploymentWorld) -> bool:
    steps = revision_part(WANTED, seen, True, 1).steps
    return [type(step) for step in steps] == [RegisterTaskDefinition]


def test_the_first_revision_is_registered() -> None:
    part = revision_part(WANTED, world(service=None, serving=None, newest=None, revisions=()), True, 1)
    (step,) = part.steps
    assert isinstance(step, RegisterTaskDefinition)
    assert (step.condition, step.region, step.family) == (REGISTERED, "us-west-1", FAMILY)
    assert step.tags == TAGS
    assert step.body["family"] == FAMILY
    assert "tags" not in step.body


def test_it_waits_for_the_role() -> None:
    part = revision_part(WANTED, world(service=None, serving=None, newest=None, revisions=()), False, 1)
    assert (part.steps, part.verdict.reason, part.verdict.soft) == ((), Reason.PENDING, True)


def test_a_fitting_revision_needs_no_role() -> None:
    part = revision_part(WANTED, world(), False, 1)
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE
    assert part.verdict.message == f"{FAMILY}:1 is registered."


@pytest.mark.parametrize(
    ("fields", "fitting"),
    [
        ({}, 1),
        ({"serving": OLD, "newest": NEW}, 2),
        ({"serving": task_definition(1), "newest": NEW}, 1),
        ({"serving": task_definition(1, status="INACTIVE"), "newest": NEW}, 2),
        ({"service": None, "serving": None, "newest": NEW}, 2),
        ({"service": service(status="INACTIVE", tags={}), "serving": None, "newest": NEW}, 2),
    ],
)
def test_the_revision_in_service_is_preferred(fields: dict[str, Any], fitting: int) -> None:
    found = fitting_revision(WANTED, world(**fields))
    assert found is not None
    assert found.revision == fitting


@pytest.mark.parametrize(
    "fields",
    [
        {"serving": OLD, "newest": OLD},
        {"serving": task_definition(1, status="INACTIVE"), "newest": None, "revisions": ()},
        {"service": None, "serving": None, "newest": task_definition(2, tags=TELEPORT_TAGS)},
        {"service": None, "serving": None, "newest": task_definition(2, tags=FOREIGN_TAGS)},
        {"service": None, "serving": None, "newest": task_definition(2, family="other")},
        {"serving": OLD, "newest": task_definition(2, tags=TELEPORT_TAGS)},
    ],
)
def test_without_a_fitting_revision_of_ours_one_is_registered(fields: dict[str, Any]) -> None:
    assert registers(world(**fields))


def test_a_revision_belongs_to_whom_its_service_belongs() -> None:
    updated = task_definition(1, tags=TELEPORT_TAGS)
    assert revision_part(WANTED, world(serving=updated, newest=updated), True, 1).done


def collected(*revisions: int) -> list[AwsStep]:
    return [
        kind(condition=REGISTERED, region="us-west-1", arn=arn(item))
        for item in revisions
        for kind in (DeregisterTaskDefinition, DeleteTaskDefinition)
    ]


def many(count: int, **fields: Any) -> DeploymentWorld:
    """The newest of so many revisions serves."""
    serving = task_definition(count)
    deployed = service(task_definition_arn=arn(count), deployments=(rollout(task_definition_arn=arn(count)),))
    seen = {
        "revisions": tuple(arn(item) for item in range(1, count + 1)),
        "serving": serving,
        "newest": serving,
        "service": deployed,
        "inactive": (),
        **fields,
    }
    return world(**seen)


def test_the_newest_idle_revisions_are_kept() -> None:
    seen = many(KEPT_REVISIONS + 1)
    assert not collects(WANTED, seen)
    assert revision_part(WANTED, seen, True, 1).done


def test_the_oldest_idle_revisions_are_collected() -> None:
    seen = many(12)
    assert collects(WANTED, seen)
    assert list(revision_part(WANTED, seen, True, 1).steps) == collected(1, 2, 3, 4, 5, 6)


def test_revisions_above_the_serving_one_count_as_the_newest() -> None:
    seen = many(12, service=service(), serving=task_definition(1), newest=task_definition(12))
    assert list(revision_part(WANTED, seen, True, 1).steps) == collected(2, 3, 4, 5, 6, 7)


def test_what_a_collection_left_half_done_is_deleted_with_the_next() -> None:
    seen = many(8, inactive=(arn(0), arn(8)))
    *_, last = revision_part(WANTED, seen, True, 1).steps
    assert last == DeleteTaskDefinition(condition=REGISTERED, region="us-west-1", arn=arn(0))
    # Not for its own sake: nothing reads them then.
    assert revision_part(WANTED, many(2, inactive=(arn(0),)), True, 1).done


@pytest.mark.parametrize(
    "fields",
    [
        # about to be rolled out
        {"service": service(), "serving": OLD},
        # a rollout is under way, or failed
        {
            "service": service(
                task_definition_arn=arn(12),
                deployments=(
                    rollout(task_definition_arn=arn(12), rollout_state="IN_PROGRESS"),
                    rollout(status="ACTIVE"),
                ),
            )
        },
        {
            "service": service(
                task_definition_arn=arn(12),
                deployments=(rollout(task_definition_arn=arn(12), rollout_state="FAILED"),),
            )
        },
        # no service of ours
        {"service": None, "serving": None},
        {"service": service(status="INACTIVE"), "serving": None},
        {"service": service(task_definition_arn=arn(12), tags=FOREIGN_TAGS)},
    ],
)
def test_nothing_is_collected_before_a_fitting_revision_serves(fields: dict[str, Any]) -> None:
    seen = many(12, **fields)
    assert not collects(WANTED, seen)
    assert revision_part(WANTED, seen, True, 1).steps == ()


@pytest.mark.parametrize("newest", [None, task_definition(1, tags=TELEPORT_TAGS), NEW])
def test_nothing_is_added_to_the_family_of_anothers_service(newest: TaskDefinition | None) -> None:
    foreign = service(tags=TELEPORT_TAGS)
    theirs = task_definition(1, tags=TELEPORT_TAGS)
    part = revision_part(WANTED, world(service=foreign, serving=theirs, newest=newest), True, 1)
    assert (part.steps, part.done) == ((), False)


@pytest.mark.parametrize("field", ["serving", "newest", "revisions"])
def test_unseen(field: str) -> None:
    outcome = Transient(Reason.AWS_UNAVAILABLE, "503")
    part = revision_part(WANTED, world(**{field: Unseen(outcome)}), True, 1)
    assert (part.steps, part.outcome, part.done) == ((), outcome, False)


def test_tags_of_our_revision_are_mended_and_those_of_the_updaters_left() -> None:
    wanted = replace(WANTED, user_tags={"team": "data"})
    (tagging,) = revision_part(wanted, world(), True, 1).steps
    assert tagging == TagEcsResource(
        condition=REGISTERED, region="us-west-1", arn=arn(1), tags={"team": "data"}
    )
    theirs = task_definition(1, tags=TELEPORT_TAGS)
    assert revision_part(wanted, world(serving=theirs, newest=theirs), True, 1).done
