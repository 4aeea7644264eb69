"""Rules that hold for every inventory and every Teleport, stated without the planner's own words."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.plan.enrollment.registration import Registration, register
from rds_enrollment.plan.enrollment.selection import select
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import DbInstance, RdsInventory
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, UpdateDatabase

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

REGIONS = (REGION, OTHER_REGION)
ENROLMENT = wanted(regions=list(REGIONS), endpoints=["Primary", "Reader"])
# Few names, so that collisions are common.
NAMES = ("a", "b", "events", "events-reader")

tags = st.one_of(
    st.just({}), st.builds(lambda name: {"TeleportDatabaseName": name}, st.sampled_from([*NAMES, "no name"]))
)
statuses = st.sampled_from(["available", "available", "modifying", "stopped", "deleting"])


@st.composite
def instances(draw: st.DrawFn, region: str) -> list[DbInstance]:
    return [
        instance(
            name,
            resource_id=f"db-{region}-{name}",
            endpoint=f"{name}.{region}.rds.amazonaws.com",
            status=draw(statuses),
            tags=draw(tags),
            iam_auth=draw(st.booleans()),
        )
        for name in draw(st.sets(st.sampled_from(NAMES)))
    ]


@st.composite
def inventories(draw: st.DrawFn, region: str) -> RdsInventory:
    alone = draw(instances(region))
    if not draw(st.booleans()):
        return inventory(alone, region=region)
    aurora = cluster(
        resource_id=f"cluster-{region}",
        endpoint=f"events.cluster-{region}",
        reader_endpoint=f"events.cluster-ro-{region}",
        status=draw(statuses),
        tags=draw(tags),
    )
    return inventory([*alone, *MEMBERS], [aurora], region=region)


@st.composite
def estates(draw: st.DrawFn) -> EnrollmentWorld:
    return world(*(draw(inventories(region)) for region in REGIONS))


strangers = st.lists(
    st.builds(
        foreign,
        st.sampled_from([*NAMES, "stranger"]),
        uri=st.sampled_from(["a.us-west-1.rds.amazonaws.com:5432", "nowhere:5432"]),
        labels=st.sampled_from([{}, {"rds-enrollment.dev/owner": "somebody/rdsenroll/else/x"}]),
    ),
    max_size=2,
    unique_by=lambda database: database.name,
)


def planned(seen: EnrollmentWorld, existing: Sequence[Database]) -> Registration:
    return register(ENROLMENT, select(ENROLMENT.spec, seen), existing)


def settled(seen: EnrollmentWorld, existing: Sequence[Database]) -> tuple[Database, ...]:
    databases = tuple(existing)
    for _ in range(3):
        databases = applied(databases, planned(seen, databases).steps)
    return databases


def is_ours(database: Database) -> bool:
    return database.labels.get("rds-enrollment.dev/owner") == MARK


@settings(deadline=None)
@given(before=estates(), after=estates(), others=strangers)
def test_a_plan_that_was_applied_leaves_nothing_to_do(
    before: EnrollmentWorld, after: EnrollmentWorld, others: list[Database]
) -> None:
    databases = settled(after, settled(before, others))
    assert planned(after, databases).steps == ()
    assert all(entry.state is not DatabaseState.PENDING for entry in planned(after, databases).entries)


@settings(deadline=None)
@given(before=estates(), after=estates(), others=strangers)
def test_what_is_not_ours_is_never_touched(
    before: EnrollmentWorld, after: EnrollmentWorld, others: list[Database]
) -> None:
    databases = settled(before, others)
    foreign_names = {item.name for item in databases if not is_ours(item)}
    for step in planned(after, databases).steps:
        match step:
            case DeleteDatabase(database=name):
                assert name not in foreign_names
            case CreateDatabase(database=database) | UpdateDatabase(database=database):
                assert database.name not in foreign_names
                assert is_ours(database)
            case _:
                raise AssertionError(step)
    assert [item for item in settled(after, databases) if not is_ours(item)] == others


@settings(deadline=None)
@given(before=estates(), after=estates(), others=strangers, shuffler=st.randoms(use_true_random=False))
def test_the_order_of_listings_does_not_matter(
    before: EnrollmentWorld, after: EnrollmentWorld, others: list[Database], shuffler: Random
) -> None:
    databases = list(settled(before, others))
    expected = planned(after, databases)
    shuffled = {region: _shuffled(after, region, shuffler) for region in reversed(REGIONS)}
    shuffler.shuffle(databases)
    assert planned(replace(after, inventories=shuffled), databases) == expected


@settings(deadline=None)
@given(before=estates(), after=estates(), unseen=st.sampled_from(REGIONS), others=strangers)
def test_an_unlisted_region_loses_and_changes_nothing(
    before: EnrollmentWorld, after: EnrollmentWorld, unseen: str, others: list[Database]
) -> None:
    databases = settled(before, others)
    blind = replace(after, inventories={**after.inventories, unseen: Unseen()})
    remaining = settled(blind, databases)
    assert [item for item in databases if item.region == unseen] == [
        item for item in remaining if item.region == unseen
    ]


@settings(deadline=None)
@given(before=estates(), after=estates(), others=strangers)
def test_a_database_that_is_still_there_never_leaves_teleport(
    before: EnrollmentWorld, after: EnrollmentWorld, others: list[Database]
) -> None:
    databases = settled(before, others)
    present = {resource for seen in after.inventories.values() for resource in _resource_ids(seen)}
    served = {item.rds.resource_id for item in databases if is_ours(item)}
    remaining = {item.rds.resource_id for item in settled(after, databases) if is_ours(item)}
    assert served & present <= remaining


def _shuffled(seen: EnrollmentWorld, region: str, shuffler: Random) -> RdsInventory:
    listed = seen.inventory(region)
    assert isinstance(listed, RdsInventory)
    rows = list(listed.instances)
    shuffler.shuffle(rows)
    return replace(listed, instances=tuple(rows))


def _resource_ids(seen: Seen[RdsInventory]) -> set[str]:
    assert isinstance(seen, RdsInventory)
    return {item.resource_id for item in seen.instances} | {item.resource_id for item in seen.clusters}
