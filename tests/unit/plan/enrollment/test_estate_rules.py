"""Names, labels, selection and removals of generated estates, compared with the rules as `oracle` states them."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.plan.enrollment.registration import Registration, register
from rds_enrollment.plan.enrollment.selection import select
from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, RdsInventory
from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase

from tests.unit.plan.enrollment.build import (
    MARK,
    OTHER_REGION,
    OTHER_VPC,
    REGION,
    VPC,
    cluster,
    instance,
    member,
    wanted,
    world,
)
from tests.unit.plan.enrollment.oracle import Expected, expected
from tests.unit.plan.enrollment.teleport import applied

REGIONS = [REGION, OTHER_REGION]
KEYS = [
    *(
        "team",
        "cost-center",
        "cost-owner",
        "vpc-id",
        "account-id",
        "region",
        "engine",
        "status",
        "endpoint-type",
    ),
    *("teleport.dev/origin", "teleport.dev/cloud", "teleport.internal/x", "rds-enrollment.dev/owner"),
    *("aws:cloudformation:stack-name", "not a label", "ümlaut", "TeleportDatabaseName"),
]
VALUES = ["", "shop", "data", "orders", "my orders", "cloud", "x" * 256]
STATUSES = ["available", "available", "available", "modifying", "stopped", "failed", "cloning-failed"]
IDENTIFIERS = ["orders", "billing", "events", "orders-rds", "shop-us-west-1"]

tags = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=4)
vpcs = st.sampled_from([VPC, OTHER_VPC])


@st.composite
def instances(draw: st.DrawFn, region: str, identifier: str) -> DbInstance:
    engine = draw(st.sampled_from(["postgres", "mysql", "mariadb", "oracle-ee", "docdb"]))
    return instance(
        identifier,
        resource_id=f"db-{region}-{identifier}",
        endpoint=draw(st.sampled_from(["", *[f"{identifier}.abc.{region}.rds.amazonaws.com"] * 4])),
        engine=engine,
        engine_version=draw(st.sampled_from(["10.5.9", "10.6.1", "11.4.2"])),
        status=draw(st.sampled_from(STATUSES)),
        vpc_id=draw(vpcs),
        iam_auth=draw(st.booleans()),
        tags=draw(tags),
    )


@st.composite
def clusters(draw: st.DrawFn, region: str, identifier: str) -> DbCluster:
    return cluster(
        identifier=identifier,
        resource_id=f"cluster-{region}-{identifier}",
        endpoint=f"{identifier}.cluster-abc.{region}.rds.amazonaws.com",
        reader_endpoint=f"{identifier}.cluster-ro-abc.{region}.rds.amazonaws.com",
        custom_endpoints=tuple(
            f"{name}.cluster-custom-abc.{region}.rds.amazonaws.com"
            for name in draw(st.sets(st.sampled_from([f"{identifier}-etl", f"{identifier}-bi"])))
        ),
        engine=draw(st.sampled_from(["aurora-mysql", "aurora-postgresql", "mysql", "neptune"])),
        engine_mode=draw(st.sampled_from(["provisioned", "provisioned", "serverless"])),
        status=draw(st.sampled_from(STATUSES)),
        iam_auth=draw(st.booleans()),
        tags=draw(tags),
    )


@st.composite
def inventories(draw: st.DrawFn, region: str) -> RdsInventory:
    alone = [
        draw(instances(region, name)) for name in draw(st.sets(st.sampled_from(IDENTIFIERS), max_size=3))
    ]
    aurora = [
        draw(clusters(region, name)) for name in draw(st.sets(st.sampled_from(IDENTIFIERS), max_size=2))
    ]
    members = [
        member(f"{each.identifier}-{number}", each.identifier, vpc_id=draw(st.just(VPC)))
        for each in aurora
        for number in range(draw(st.integers(0, 2)))
    ]
    return RdsInventory("123456789012", region, (*alone, *members), tuple(aurora))


selectors = st.fixed_dictionaries(
    {},
    optional={
        "vpcIds": st.sets(vpcs, min_size=1).map(sorted),
        "engines": st.sets(st.sampled_from(["postgres", "mysql", "aurora-mysql"]), min_size=1).map(sorted),
        "tags": st.just({"team": "shop"}),
    },
).filter(bool)
identifiers = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["Instance", "Cluster"]), "name": st.sampled_from(IDENTIFIERS)},
        optional={"region": st.just(REGION)},
    ),
    min_size=1,
    max_size=3,
)
patterns = st.lists(st.sampled_from(["*", "team", "cost-*", "*-*", "aws:*:*"]), max_size=2, unique=True)
specs: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "regions": st.sampled_from([REGIONS, [REGION]]),
        "databases": st.one_of(
            st.just({"all": {}}),
            st.fixed_dictionaries({"selector": selectors}),
            st.fixed_dictionaries({"identifiers": identifiers}),
        ),
        "endpoints": st.sampled_from([["Primary"], ["Primary", "Reader"], ["Primary", "Reader", "Custom"]]),
        "naming": st.fixed_dictionaries({"strategy": st.sampled_from(["Identifier", "Qualified"])}),
        "labels": st.sampled_from([{}, {"team": "platform", "env": "prod"}]),
        "tagLabels": st.fixed_dictionaries({}, optional={"include": patterns, "exclude": patterns}),
        "iamAuthentication": st.sampled_from(["Warn", "Warn", "Require"]),
    }
)
estates = st.tuples(*(inventories(region) for region in REGIONS))

generated = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def planned(
    spec: dict[str, Any], estate: tuple[RdsInventory, ...], existing: tuple[Database, ...] = ()
) -> Registration:
    enrolment = wanted(**spec)
    return register(enrolment, select(enrolment.spec, world(*estate)), existing)


def face(item: Expected) -> tuple[Any, ...]:
    return item.name, item.uri, item.protocol, dict(item.labels), item.server_name


@generated
@given(spec=specs, estate=estates)
def test_every_endpoint_is_enrolled_as_the_rules_say(
    spec: dict[str, Any], estate: tuple[RdsInventory, ...]
) -> None:
    rules = expected(spec, MARK, *estate)
    rivals = Counter(item.name for item in rules)
    registration = planned(spec, estate)
    made = [step.database for step in registration.steps if isinstance(step, CreateDatabase)]
    assert len(made) == len(registration.steps)
    assert {item.name for item in made} == rivals.keys()
    for item in made:
        got = (item.name, item.uri, item.protocol, dict(item.labels), item.tls.server_name)
        assert got in [face(rule) for rule in rules]
    conflicting = [entry.name for entry in registration.entries if entry.state is DatabaseState.CONFLICTING]
    assert Counter(conflicting) == Counter({name: count - 1 for name, count in rivals.items() if count > 1})


@generated
@given(spec=specs, estate=estates, shuffled=st.permutations([0, 1]))
def test_who_has_a_name_keeps_it_whoever_asks_next(
    spec: dict[str, Any], estate: tuple[RdsInventory, ...], shuffled: list[int]
) -> None:
    """The incumbent is enrolled alone, then its rivals appear."""
    alone = tuple(
        listed if number == shuffled[0] else RdsInventory(listed.account, listed.region, (), ())
        for number, listed in enumerate(estate)
    )
    first = applied((), planned(spec, alone).steps)
    holders = {item.name: item.uri for item in first}
    after = applied(first, planned(spec, estate, first).steps)
    assert {item.name: item.uri for item in after if item.name in holders} == holders


@generated
@given(total=st.integers(1, 70), data=st.data())
def test_removals_follow_the_brake(total: int, data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, total))
    everything = [instance(f"db-{number:02}") for number in range(total)]
    region = RdsInventory("123456789012", REGION, tuple(everything), ())
    left = RdsInventory("123456789012", REGION, tuple(everything[gone:]), ())
    existing = applied((), planned({}, (region,)).steps)
    deletions = [step for step in planned({}, (left,), existing).steps if isinstance(step, DeleteDatabase)]
    too_many = (gone > 10 and gone / total > 0.2) or (gone == total > 1)
    assert len(deletions) == (0 if too_many else gone)
