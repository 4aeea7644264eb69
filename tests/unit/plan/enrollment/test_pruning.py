"""What goes with its database, and what waits for approval."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.rds_enrollment import DatabaseState, RdsEnrollmentStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.registration import Registration, register
from rds_enrollment.plan.enrollment.selection import select
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.world import WantedEnrollment
from rds_enrollment.plan.observed.aws import DbInstance
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.plan.steps.teleport import DeleteDatabase

from tests.unit.plan.enrollment.build import (
    OTHER_REGION,
    OTHER_VPC,
    OWNER,
    REGION,
    VPC,
    instance,
    inventory,
    wanted,
    world,
)
from tests.unit.plan.enrollment.teleport import applied
from tests.unit.plan.hostile import NAMES, words_between


def estate(count: int, **fields: Any) -> list[DbInstance]:
    return [instance(f"db-{number:03}", **fields) for number in range(count)]


def registered(
    enrolment: WantedEnrollment, listed: Iterable[DbInstance], existing: Iterable[Database]
) -> Registration:
    return register(enrolment, select(enrolment.spec, world(inventory(listed))), existing)


def enrolled(listed: Iterable[DbInstance], **spec: Any) -> tuple[Database, ...]:
    return applied((), registered(wanted(**spec), listed, ()).steps)


def deleted(registration: Registration) -> list[str]:
    return [step.database for step in registration.steps if isinstance(step, DeleteDatabase)]


@pytest.mark.parametrize(
    ("total", "gone", "held"),
    [
        (1, 1, False),  # one is not many
        (2, 2, True),  # all of more than one
        (3, 2, False),
        (40, 10, False),  # 25 %, but not more than 10
        (55, 11, False),  # more than 10, but exactly 20 %
        (54, 11, True),
        (11, 11, True),
    ],
)
def test_many_at_once_wait(total: int, gone: int, held: bool) -> None:
    before = estate(total)
    after = registered(wanted(), before[gone:], enrolled(before))
    assert len(after.pruning.held) == (gone if held else 0)
    assert len(deleted(after)) == (0 if held else gone)


def test_what_is_held_is_told_and_stays_enrolled() -> None:
    databases = enrolled(estate(3))
    enrolment, seen = wanted(), world(inventory(), databases=databases)
    (part,) = [part for part in plan(enrolment, seen) if part.condition is ConditionType.DATABASES_ENROLLED]
    assert isinstance(part.outcome, Blocked)
    assert part.verdict.reason is Reason.PRUNE_NOT_CONFIRMED
    status = observed_status(RdsEnrollmentStatus(), enrolment, seen, {})
    assert status.pending_prune is not None
    assert status.pending_prune.databases == 3
    assert f"rds-enrollment.dev/confirm-prune={status.pending_prune.token}" in part.verdict.message
    assert [(item.state, item.reason) for item in status.databases] == [
        (DatabaseState.GONE, "PruneNotConfirmed")
    ] * 3
    assert status.discovered == 0


def test_a_token_approves_exactly_its_set() -> None:
    before = estate(30)
    databases = enrolled(before)
    token = registered(wanted(), before[15:], databases).pruning.token
    confirmed = wanted(confirmed_prune=token)
    assert deleted(registered(confirmed, before[15:], databases)) == [f"db-{n:03}" for n in range(15)]
    assert deleted(registered(confirmed, before[16:], databases)) == []
    assert deleted(registered(confirmed, before[14:], databases)) == []
    assert deleted(registered(wanted(confirmed_prune="x"), before[15:], databases)) == []


def test_an_approved_removal_that_was_interrupted_goes_on() -> None:
    before = estate(30)
    databases = enrolled(before)
    confirmed = wanted(confirmed_prune=registered(wanted(), (), databases).pruning.token)
    while databases:
        steps = registered(confirmed, (), databases).steps
        assert deleted(registered(confirmed, (), databases)) == [item.name for item in databases]
        databases = applied(databases, steps[:1])


def test_databases_that_appear_meanwhile_do_not_void_an_approval() -> None:
    before = estate(30)
    databases = enrolled(before)
    token = registered(wanted(), before[15:], databases).pruning.token
    new = [*before[15:], instance("new")]
    assert len(deleted(registered(wanted(confirmed_prune=token), new, databases))) == 15


def test_an_old_approval_does_not_serve_for_the_next_time() -> None:
    first = enrolled(estate(30))
    token = registered(wanted(), (), first).pruning.token
    again = enrolled(estate(30, resource_id="db-AGAIN"))
    assert deleted(registered(wanted(confirmed_prune=token), (), again)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"regions": [OTHER_REGION]}),
        ({}, {"databases": {"identifiers": [{"kind": "Instance", "name": "other"}]}}),
        ({}, {"databases": {"selector": {"vpcIds": [OTHER_VPC]}}}),
        ({}, {"databases": {"selector": {"engines": ["mysql"]}}}),
        ({}, {"databases": {"selector": {"tags": {"team": "data"}}}}),
    ],
)
def test_what_the_spec_no_longer_chooses_goes_at_once(before: dict[str, Any], after: dict[str, Any]) -> None:
    listed = estate(30, tags={"team": "shop"})
    narrowed = registered(wanted(**after), listed, enrolled(listed, **before))
    assert len(deleted(narrowed)) == 30
    assert narrowed.pruning.token == ""


def test_tags_that_changed_in_aws_are_no_narrower_spec() -> None:
    selector: dict[str, Any] = {"databases": {"selector": {"tags": {"team": "shop"}, "vpcIds": [VPC]}}}
    databases = enrolled(estate(30, tags={"team": "shop"}), **selector)
    for listed in (estate(30), estate(30, tags={"team": "data"}), estate(30, vpc_id=OTHER_VPC)):
        assert deleted(registered(wanted(**selector), listed, databases)) == []


def test_a_selector_s_tag_that_is_no_label_tells_nothing() -> None:
    listed = estate(30, tags={"team": "shop"})
    databases = enrolled(listed, tagLabels={"include": []})
    assert (
        deleted(registered(wanted(databases={"selector": {"tags": {"team": "x"}}}), listed, databases)) == []
    )


def test_retained_objects_stay_without_being_asked_about() -> None:
    after = registered(wanted(prunePolicy="Retain"), (), enrolled(estate(30)))
    assert after.steps == ()
    assert {(entry.state, entry.reason, entry.in_teleport) for entry in after.entries} == {
        (DatabaseState.GONE, Reason.RETAINED, True)
    }


@given(namespace=NAMES, name=NAMES)
def test_an_enrolment_is_one_word_of_the_command_that_approves(namespace: str, name: str) -> None:
    databases = enrolled(estate(3))
    enrolment = replace(wanted(), owner=replace(OWNER, namespace=namespace, name=name))
    mine = [replace(item, labels={**item.labels, OWNER_MARK: enrolment.owner.mark}) for item in databases]
    parts = plan(enrolment, world(inventory(), databases=mine))
    (part,) = [part for part in parts if part.condition is ConditionType.DATABASES_ENROLLED]
    *words, annotation = words_between(part.verdict.message, " If that is right: ")
    assert words == [
        *("kubectl", "annotate", "--overwrite", "rdsenrollment", name),
        *("--namespace", namespace),
    ]
    assert annotation.startswith("rds-enrollment.dev/confirm-prune=")


def test_renamed_databases_are_not_gone() -> None:
    before = estate(30)
    databases = enrolled(before)
    tagged = [
        instance(item.identifier, tags={"TeleportDatabaseName": f"x-{item.identifier}"}) for item in before
    ]
    databases = applied(databases, registered(wanted(), tagged, databases).steps)
    after = registered(wanted(), tagged, databases)
    assert len(deleted(after)) == 30
    assert after.pruning.going == after.pruning.held == ()


def test_enrolled_databases_are_renamed_only_with_approval() -> None:
    before = [instance("orders"), instance("tagged", tags={"TeleportDatabaseName": "mine"})]
    databases = enrolled(before)
    qualified: dict[str, Any] = {"naming": {"strategy": "Qualified"}}
    listed = [*before, instance("new")]
    held = registered(wanted(**qualified), listed, databases)
    assert [(rename.present, rename.wanted) for rename in held.renames] == [
        ("orders", f"orders-rds-{REGION}-123456789012")
    ]
    assert [step.target for step in held.steps] == [f"Teleport database new-rds-{REGION}-123456789012"]
    approved = wanted(confirmed_naming="Qualified", **qualified)
    for _ in range(2):
        databases = applied(databases, registered(approved, before, databases).steps)
    assert sorted(item.name for item in databases) == ["mine", f"orders-rds-{REGION}-123456789012"]
    # The way back is another change, and the annotation does not name it.
    back = registered(wanted(confirmed_naming="Qualified"), before, databases)
    assert (back.steps, len(back.renames)) == ((), 1)
    # Without the annotation what was renamed stays as it is.
    assert registered(wanted(**qualified), before, databases).steps == ()
    assert registered(wanted(**qualified), before, databases).renames == ()
