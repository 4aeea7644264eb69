"""What is created, updated, deleted and left alone in Teleport."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.entries import Entry
from rds_enrollment.plan.enrollment.registration import Registration, register
from rds_enrollment.plan.enrollment.selection import select
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import DbInstance, RdsInventory
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.teleport import UpdateDatabase

from tests.unit.plan.enrollment.build import (
    MARK,
    MEMBERS,
    OTHER_REGION,
    REGION,
    cluster,
    foreign,
    instance,
    inventory,
    wanted,
    world,
)
from tests.unit.plan.enrollment.teleport import applied

OTHERS_MARK = "cluster-a/rdsenroll/teleport/other"
BOTH = [REGION, OTHER_REGION]


def registered(
    *inventories: RdsInventory, existing: Iterable[Database] = (), unseen: Iterable[str] = ()
) -> Registration:
    seen = world(*inventories)
    seen = replace(seen, inventories={**seen.inventories, **dict.fromkeys(unseen, Unseen())})
    enrolment = wanted(regions=BOTH, endpoints=["Primary", "Reader"])
    return register(enrolment, select(enrolment.spec, seen), existing)


def settled(*inventories: RdsInventory, existing: Iterable[Database] = ()) -> tuple[Database, ...]:
    """What Teleport holds once nothing is left to write; two rounds are enough."""
    databases = tuple(existing)
    for _ in range(2):
        databases = applied(databases, registered(*inventories, existing=databases).steps)
    assert registered(*inventories, existing=databases).steps == ()
    return databases


def here(*instances: DbInstance) -> RdsInventory:
    return inventory(instances)


def there(*instances: DbInstance) -> RdsInventory:
    return inventory(instances, region=OTHER_REGION)


def named(registration: Registration, identifier: str, region: str = REGION) -> Entry:
    (entry,) = [
        entry for entry in registration.entries if (entry.identifier, entry.region) == (identifier, region)
    ]
    return entry


def planned(registration: Registration) -> list[str]:
    return [f"{step.name} {step.target.removeprefix('Teleport database ')}" for step in registration.steps]


def test_a_new_database_is_created_and_then_enrolled() -> None:
    first = registered(here(instance()))
    assert planned(first) == ["CreateDatabase orders"]
    assert named(first, "orders").state is DatabaseState.PENDING
    second = registered(here(instance()), existing=applied((), first.steps))
    assert second.steps == ()
    assert named(second, "orders").state is DatabaseState.ENROLLED


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"status": "modifying"}, "labels"),
        ({"engine_version": "16.5"}, "labels"),
        ({"tags": {"team": "shop"}}, "labels"),
        ({"port": 5433}, "uri"),
        ({"endpoint": "elsewhere.rds.amazonaws.com"}, "uri"),
        ({"resource_id": "db-RESTORED"}, "resource_id"),
        ({"vpc_id": "vpc-0fedcba9876543210"}, "vpc_id"),
        ({"subnets": ("subnet-0ffffffffffffffff",)}, "subnets"),
        ({"security_groups": ()}, "security_groups"),
        ({"iam_auth": False}, "iam_auth"),
    ],
)
def test_a_change_in_rds_is_one_update(change: dict[str, Any], field: str) -> None:
    existing = settled(here(instance(), instance("sound")))
    changed = registered(here(instance(**change), instance("sound")), existing=existing)
    assert planned(changed) == ["UpdateDatabase orders"]
    assert field in named(changed, "orders").message


@pytest.mark.parametrize(
    "drift",
    [
        {"description": "edited"},
        {"protocol": "mysql"},
        {"account_id": "000000000000"},
        {"region": "mars-1"},
        {"labels": {"rds-enrollment.dev/owner": MARK}},
    ],
)
def test_drift_in_teleport_is_repaired(drift: dict[str, Any]) -> None:
    (database,) = settled(here(instance()))
    repaired = registered(here(instance()), existing=[replace(database, **drift)])
    assert planned(repaired) == ["UpdateDatabase orders"]


def test_what_carries_no_meaning_is_not_repaired() -> None:
    (database,) = settled(inventory(MEMBERS, [cluster(members=cluster().members[:1])]))
    derived = replace(
        database,
        rds=replace(database.rds, instance_id="derived-by-the-server", subnets=database.rds.subnets[::-1]),
    )
    listed = inventory(MEMBERS, [cluster(members=cluster().members[:1])])
    assert registered(listed, existing=[derived]).steps == ()


def test_a_database_that_is_gone_from_rds_is_deleted() -> None:
    existing = settled(here(instance(), instance("old")))
    assert planned(registered(here(instance()), existing=existing)) == ["DeleteDatabase old"]


def test_a_region_that_was_not_listed_loses_nothing() -> None:
    existing = settled(here(instance("old")), there(instance("far")))
    pruned = registered(here(), existing=existing, unseen=[OTHER_REGION])
    assert planned(pruned) == ["DeleteDatabase old"]
    kept = named(pruned, "far", OTHER_REGION)
    assert (kept.state, kept.reason, kept.in_teleport) == (
        DatabaseState.ENROLLED,
        Reason.LISTING_FAILED,
        True,
    )


def test_the_name_of_a_database_in_an_unlisted_region_is_not_given_away() -> None:
    existing = settled(there(instance(resource_id="db-FAR", endpoint="far")))
    blind = registered(here(instance()), existing=existing, unseen=[OTHER_REGION])
    assert blind.steps == ()
    assert named(blind, "orders").reason is Reason.NAME_TAKEN


@pytest.mark.parametrize(
    "fields", [{"status": "stopped"}, {"endpoint": ""}, {"tags": {"TeleportDatabaseName": "?"}}]
)
def test_a_database_that_is_merely_skipped_keeps_its_object(fields: dict[str, Any]) -> None:
    existing = settled(here(instance()))
    skipped = registered(here(instance(**fields)), existing=existing)
    assert skipped.steps == ()
    entry = named(skipped, "orders")
    assert (entry.state, entry.in_teleport) == (DatabaseState.SKIPPED, True)
    assert "orders stays" in entry.message


def test_a_skipped_database_without_object_gets_none() -> None:
    skipped = registered(here(instance(status="creating")))
    assert skipped.steps == ()
    assert named(skipped, "orders").in_teleport is False


@pytest.mark.parametrize(
    "labels", [{}, {"rds-enrollment.dev/owner": OTHERS_MARK}, {"rds-enrollment.dev/owner": f"{MARK}-2"}]
)
def test_a_name_that_is_not_ours_is_a_conflict(labels: dict[str, str]) -> None:
    taken = registered(here(instance()), existing=[foreign("orders", labels=labels)])
    assert taken.steps == ()
    entry = named(taken, "orders")
    assert (entry.state, entry.reason) == (DatabaseState.CONFLICTING, Reason.NAME_TAKEN)
    assert "TeleportDatabaseName=orders-rds-us-west-1-123456789012" in entry.message


def test_the_solving_tag_solves() -> None:
    tagged = instance(tags={"TeleportDatabaseName": "orders-rds-us-west-1-123456789012"})
    solved = registered(here(tagged), existing=[foreign("orders")])
    assert planned(solved) == ["CreateDatabase orders-rds-us-west-1-123456789012"]


def test_between_newcomers_region_decides_and_the_loser_learns_the_tag() -> None:
    both = registered(here(instance()), there(instance(resource_id="db-FAR", endpoint="far")))
    (create,) = both.steps
    assert planned(both) == ["CreateDatabase orders"]
    assert named(both, "orders", OTHER_REGION).state is DatabaseState.PENDING
    loser = named(both, "orders", REGION)
    assert loser.reason is Reason.NAME_TAKEN
    assert "instance orders in eu-central-1" in loser.message
    assert create.condition == "DatabasesEnrolled"


def test_whoever_has_the_name_keeps_it() -> None:
    existing = settled(here(instance()))
    both = registered(
        here(instance()), there(instance(resource_id="db-FAR", endpoint="far")), existing=existing
    )
    assert both.steps == ()
    assert named(both, "orders", REGION).state is DatabaseState.ENROLLED
    assert named(both, "orders", OTHER_REGION).state is DatabaseState.CONFLICTING


def test_a_database_that_somebody_else_enrolled_under_another_name_is_not_enrolled_twice() -> None:
    (ours,) = settled(here(instance()))
    discovered = replace(
        ours,
        name="orders-rds-us-west-1-123456789012",
        labels={"endpoint-type": "instance", "teleport.dev/origin": "cloud"},
        uri="before-a-rename.rds.amazonaws.com:5432",
    )
    by_hand = foreign("shop", uri="Orders.abc.us-west-1.rds.amazonaws.com:5432")
    for other in (discovered, by_hand):
        twice = registered(here(instance()), existing=[other])
        assert twice.steps == ()
        entry = named(twice, "orders")
        assert entry.reason is Reason.ALREADY_ENROLLED
        assert other.name in entry.message


def test_the_discovery_services_own_object_is_named_as_such_whatever_its_name() -> None:
    """It may have the very name that we would give: another name for ours would only enrol it twice."""
    (ours,) = settled(here(instance()))
    labels = {"endpoint-type": "instance", "teleport.dev/origin": "cloud"}
    for name in ("orders-rds-us-west-1-123456789012", "orders"):
        entry = named(
            registered(here(instance()), existing=[replace(ours, name=name, labels=labels)]), "orders"
        )
        assert entry.reason is Reason.ALREADY_ENROLLED
        assert f"already as {name}, which Teleport's Discovery Service keeps" in entry.message
        assert "discovery_config" in entry.message


def test_what_we_enrolled_first_stays_enrolled() -> None:
    (ours,) = settled(here(instance()))
    later = foreign("shop", uri=ours.uri)
    assert registered(here(instance()), existing=[ours, later]).steps == ()


def test_a_renamed_database_has_its_new_object_before_the_old_one_goes() -> None:
    existing = settled(here(instance()))
    renamed = here(instance(tags={"TeleportDatabaseName": "shop"}))
    first = registered(renamed, existing=existing)
    assert planned(first) == ["CreateDatabase shop"]
    second = registered(renamed, existing=applied(existing, first.steps))
    assert planned(second) == ["DeleteDatabase orders"]


def test_a_rename_onto_a_taken_name_keeps_the_old_object_and_its_name() -> None:
    existing = (*settled(here(instance())), foreign("shop"))
    renamed = here(
        instance(tags={"TeleportDatabaseName": "shop"}),
        instance("newcomer", tags={"TeleportDatabaseName": "orders"}),
    )
    stuck = registered(renamed, existing=existing)
    assert stuck.steps == ()
    assert named(stuck, "orders").in_teleport is True
    assert named(stuck, "newcomer").state is DatabaseState.CONFLICTING
    assert named(stuck, "newcomer").in_teleport is False


def test_two_databases_can_swap_their_names() -> None:
    existing = settled(here(instance("a"), instance("b")))
    swapped = here(
        instance("a", tags={"TeleportDatabaseName": "b"}), instance("b", tags={"TeleportDatabaseName": "a"})
    )
    databases = {item.name: item.rds.resource_id for item in settled(swapped, existing=existing)}
    assert databases == {"a": "db-B", "b": "db-A"}


def test_a_reader_goes_with_its_last_reader_instance() -> None:
    existing = settled(inventory(MEMBERS, [cluster()]))
    assert {item.name for item in existing} == {"events", "events-reader"}
    alone = inventory(MEMBERS[:1], [cluster(members=cluster().members[:1])])
    assert planned(registered(alone, existing=existing)) == ["DeleteDatabase events-reader"]


def adopting(*existing: Database) -> Registration:
    enrolment = wanted(adoptionPolicy="IfTagged")
    return register(enrolment, select(enrolment.spec, world(here(instance()))), existing)


def wizards(**changes: Any) -> Database:
    """What the wizard makes of the same instance: its own labels, no mark."""
    (ours,) = settled(here(instance()))
    labels = {key: value for key, value in ours.labels.items() if key != "rds-enrollment.dev/owner"}
    return replace(ours, **{"labels": {**labels, "env": "prod"}, **changes})


def test_a_database_that_the_wizard_made_is_adopted() -> None:
    registration = adopting(wizards())
    (step,) = registration.steps
    assert isinstance(step, UpdateDatabase)
    assert (step.database.name, step.former_owner) == ("orders", "")
    assert step.database.labels["rds-enrollment.dev/owner"] == MARK
    assert adopting(*applied([wizards()], registration.steps)).steps == ()


@pytest.mark.parametrize(
    "other",
    [
        wizards(rds=replace(wizards().rds, resource_id="db-OTHER")),
        wizards(account_id="999999999999"),
        wizards(region="us-east-1"),
        wizards(labels={**wizards().labels, "teleport.dev/origin": "cloud"}),
        wizards(labels={**wizards().labels, "rds-enrollment.dev/owner": OTHERS_MARK}),
        wizards(name="orders-by-hand"),
    ],
    ids=["resource", "account", "region", "discovered", "owned", "name"],
)
def test_any_other_is_a_conflict(other: Database) -> None:
    registration = adopting(other)
    assert [step for step in registration.steps if step.target.endswith(other.name)] == []
    assert named(registration, "orders").state is not DatabaseState.ENROLLED


def test_nothing_is_adopted_unless_it_is_asked_for() -> None:
    assert registered(here(instance()), existing=[wizards()]).steps == ()
