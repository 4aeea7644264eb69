"""What the spec chooses."""

from dataclasses import replace
from typing import Any

from rds_enrollment.api.databases import NamingStrategy
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.naming import database_name
from rds_enrollment.plan.enrollment.selection import Selection, select
from rds_enrollment.plan.enrollment.world import EnrollmentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import DbInstance

from tests.unit.plan.enrollment.build import (
    MEMBERS,
    OTHER_REGION,
    OTHER_VPC,
    REGION,
    VPC,
    cluster,
    instance,
    inventory,
    spec,
    world,
)

HERE = inventory([instance("orders"), *MEMBERS], [cluster()])
THERE = inventory([instance("orders")], region=OTHER_REGION)


def names(selection: Selection) -> list[tuple[str, str]]:
    return [
        (item.resource.region, database_name(item, NamingStrategy.IDENTIFIER))
        for item in selection.candidates
    ]


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


def chosen_by(selector: dict[str, Any], *listed: DbInstance) -> list[str]:
    chosen = select(spec(databases={"selector": selector}), world(inventory(listed)))
    resources = [item.resource for item in chosen.candidates] + [item.resource for item in chosen.skipped]
    return [resource.identifier for resource in resources]


def test_a_selector_s_fields_must_all_hold() -> None:
    listed = (
        instance("here", tags={"team": "shop", "env": "prod"}),
        instance("there", vpc_id=OTHER_VPC, tags={"team": "shop", "env": "prod"}),
        instance("mysql", engine="mysql", tags={"team": "shop", "env": "prod"}),
        instance("test", tags={"team": "shop", "env": "test"}),
        instance("bare"),
    )
    assert chosen_by({"vpcIds": [VPC]}, *listed) == ["bare", "here", "mysql", "test"]
    assert chosen_by({"engines": ["mysql", "mariadb"]}, *listed) == ["mysql"]
    assert chosen_by({"tags": {"team": "shop", "env": "prod"}}, *listed) == ["here", "mysql", "there"]
    everything = {"vpcIds": [VPC], "engines": ["postgres"], "tags": {"team": "shop", "env": "prod"}}
    assert chosen_by(everything, *listed) == ["here"]


def test_a_database_whose_vpc_rds_does_not_name_is_not_ruled_out_by_it() -> None:
    assert chosen_by({"vpcIds": [VPC]}, instance("moving", vpc_id="")) == ["moving"]
    aurora = select(spec(databases={"selector": {"vpcIds": [VPC]}}), world(inventory([], [cluster()])))
    assert [item.reason for item in aurora.skipped] == [Reason.NO_INSTANCES]


def test_custom_endpoints_on_request() -> None:
    hosts = (
        "etl.cluster-custom-abc.us-west-1.rds.amazonaws.com",
        "bi.cluster-custom-abc.us-west-1.rds.amazonaws.com",
    )
    listed = world(inventory(MEMBERS, [cluster(custom_endpoints=hosts)]))
    assert names(select(spec(), listed)) == [(REGION, "events")]
    assert names(select(spec(endpoints=["Primary", "Custom"]), listed)) == [
        (REGION, "events"),
        (REGION, "events-custom-bi"),
        (REGION, "events-custom-etl"),
    ]


def test_databases_without_iam_authentication_are_left_out_only_when_it_is_required() -> None:
    listed = world(inventory([instance("open", iam_auth=False), instance("orders")]))
    warned = select(spec(), listed)
    assert names(warned) == [(REGION, "open"), (REGION, "orders")]
    required = select(spec(iamAuthentication="Require"), listed)
    assert names(required) == [(REGION, "orders")]
    (skipped,) = required.skipped
    assert skipped.reason is Reason.IAM_AUTHENTICATION_DISABLED
    assert "--db-instance-identifier open --enable-iam-database-authentication" in skipped.message
