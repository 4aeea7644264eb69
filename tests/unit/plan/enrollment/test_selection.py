"""What the spec chooses."""

from dataclasses import replace

from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.databases import database_name
from rds_enrollment.plan.enrollment.selection import Selection, select
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen

from tests.unit.plan.enrollment.build import (
    MEMBERS,
    OTHER_REGION,
    REGION,
    cluster,
    instance,
    inventory,
    spec,
    world,
)

HERE = inventory([instance("orders"), *MEMBERS], [cluster()])
THERE = inventory([instance("orders")], region=OTHER_REGION)


def names(selection: Selection) -> list[tuple[str, str]]:
    return [(item.resource.region, database_name(item)) for item in selection.candidates]


def identifiers(
    *chosen: dict[str, str], regions: tuple[str, ...] = (REGION, OTHER_REGION)
) -> RdsEnrollmentSpec:
    return spec(regions=list(regions), databases={"identifiers": list(chosen)})


def blind(*regions: str) -> EnrollmentWorld:
    seen = world(HERE, THERE)
    return replace(seen, inventories={**seen.inventories, **dict.fromkeys(regions, Unseen())})


def test_all() -> None:
    assert names(select(spec(), world(HERE))) == [(REGION, "orders"), (REGION, "events")]


def test_readers_on_request() -> None:
    chosen = select(spec(endpoints=["Primary", "Reader"]), world(HERE))
    assert names(chosen) == [(REGION, "orders"), (REGION, "events"), (REGION, "events-reader")]


def test_regions_that_are_not_in_the_spec_are_not_looked_at() -> None:
    assert names(select(spec(), world(HERE, THERE))) == [(REGION, "orders"), (REGION, "events")]


def test_identifiers_are_looked_for_in_all_regions_unless_they_name_one() -> None:
    anywhere = identifiers({"kind": "Instance", "name": "orders"})
    one = identifiers({"kind": "Instance", "name": "orders", "region": OTHER_REGION})
    assert names(select(anywhere, world(HERE, THERE))) == [(REGION, "orders"), (OTHER_REGION, "orders")]
    assert names(select(one, world(HERE, THERE))) == [(OTHER_REGION, "orders")]


def test_instances_and_clusters_are_told_apart() -> None:
    wrong = identifiers({"kind": "Cluster", "name": "orders"}, {"kind": "Instance", "name": "events"})
    chosen = select(wrong, world(HERE, THERE))
    assert chosen.candidates == ()
    assert chosen.unmatched == wrong.databases.identifiers


def test_a_skipped_database_is_matched() -> None:
    stopped = inventory([instance("orders", status="stopped")])
    chosen = select(identifiers({"kind": "Instance", "name": "orders"}, regions=(REGION,)), world(stopped))
    assert [item.reason for item in chosen.skipped] == [Reason.NOT_AVAILABLE]
    assert chosen.unmatched == ()


def test_an_identifier_is_not_unmatched_while_a_region_that_may_hold_it_was_not_listed() -> None:
    anywhere = identifiers({"kind": "Instance", "name": "billing"})
    here = identifiers({"kind": "Instance", "name": "billing", "region": REGION})
    assert select(anywhere, blind(OTHER_REGION)).unmatched == ()
    assert select(here, blind(OTHER_REGION)).unmatched == here.databases.identifiers
    assert select(anywhere, blind(OTHER_REGION)).unseen_regions == {OTHER_REGION}


def test_an_invalid_name_is_skipped_with_its_cause() -> None:
    listed = inventory([instance("orders", tags={"TeleportDatabaseName": "my orders"}), instance("sound")])
    chosen = select(spec(), world(listed))
    assert names(chosen) == [(REGION, "sound")]
    (skipped,) = chosen.skipped
    assert (skipped.reason, skipped.name) == (Reason.INVALID_NAME, "my orders")
