"""The task definition: which revision fits, when one is registered, and which ones are surplus."""

from typing import Any

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.revision import fitting_revision, revision_part
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import TaskDefinition
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.steps.aws import DeregisterTaskDefinition, RegisterTaskDefinition

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


def deregister(*revisions: int) -> tuple[DeregisterTaskDefinition, ...]:
    return tuple(
        DeregisterTaskDefinition(condition=REGISTERED, region="us-west-1", arn=arn(item))
        for item in revisions
    )


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


@pytest.mark.parametrize(
    ("fields", "surplus"),
    [
        ({"revisions": (arn(1), arn(3), arn(2)), "newest": task_definition(3)}, (2, 3)),
        (
            {
                "revisions": (arn(1), arn(2), arn(3)),
                "serving": task_definition(3),
                "newest": task_definition(3),
                "service": service(
                    task_definition_arn=arn(3),
                    deployments=(rollout(task_definition_arn=arn(3)), rollout(status="ACTIVE")),
                ),
            },
            (2,),
        ),
    ],
)
def test_surplus_revisions_are_collected(fields: dict[str, Any], surplus: tuple[int, ...]) -> None:
    assert revision_part(WANTED, world(**fields), True, 1).steps == deregister(*surplus)


@pytest.mark.parametrize(
    "fields",
    [
        # about to be rolled out
        {"revisions": (arn(1), arn(2)), "serving": OLD, "newest": NEW},
        # no service of ours yet
        {"revisions": (arn(1), arn(2)), "service": None, "serving": None, "newest": NEW},
        {
            "revisions": (arn(1), arn(2)),
            "service": service(status="INACTIVE"),
            "serving": None,
            "newest": NEW,
        },
        # another's service
        {"revisions": (arn(1), arn(2)), "service": service(tags=FOREIGN_TAGS), "newest": NEW},
    ],
)
def test_nothing_is_collected_before_a_fitting_revision_serves(fields: dict[str, Any]) -> None:
    assert revision_part(WANTED, world(**fields), True, 1).steps == ()


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
