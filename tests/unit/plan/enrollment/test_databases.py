"""The db object, compared with what Teleport's own enrolment writes (reference: lib/srv/discovery/common)."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.api.databases import NamingStrategy, TlsMode
from rds_enrollment.plan.enrollment.blueprint import Blueprint
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType, discover
from rds_enrollment.plan.enrollment.naming import (
    MAX_NAME,
    database_name,
    is_valid_name,
    unique_name,
)
from rds_enrollment.plan.observed.teleport import Database, DatabaseTls, RdsMetadata

from tests.unit.plan.enrollment.build import (
    ACCOUNT,
    MARK,
    MEMBERS,
    REGION,
    VPC,
    cluster,
    instance,
    inventory,
    spec,
)

COMPUTED = {
    "account-id": ACCOUNT,
    "region": REGION,
    "vpc-id": VPC,
    "engine": "postgres",
    "engine-version": "16.4",
    "endpoint-type": "instance",
    "status": "available",
    "teleport.dev/cloud": "AWS",
    "teleport.dev/origin": "dynamic",
    "rds-enrollment.dev/owner": MARK,
}


def of_instance(**fields: Any) -> Candidate:
    (found,) = discover(inventory([instance(**fields)]))
    (item,) = found.endpoints
    assert isinstance(item, Candidate)
    return item


def of_cluster(endpoint_type: EndpointType, **fields: Any) -> Candidate:
    (found,) = discover(inventory(MEMBERS, [cluster(**fields)]))
    (item,) = [
        item
        for item in found.endpoints
        if isinstance(item, Candidate) and item.endpoint_type is endpoint_type
    ]
    return item


def described(candidate: Candidate, **fields: Any) -> Database:
    name = database_name(candidate, NamingStrategy.IDENTIFIER)
    return Blueprint(spec(**fields), MARK).database(candidate, name)


def test_an_instance() -> None:
    assert described(of_instance(tags={"team": "shop"})) == Database(
        name="orders",
        description="RDS instance in us-west-1",
        labels={
            "account-id": "123456789012",
            "region": "us-west-1",
            "teleport.dev/cloud": "AWS",
            "engine": "postgres",
            "engine-version": "16.4",
            "endpoint-type": "instance",
            "status": "available",
            "vpc-id": "vpc-0123456789abcdef0",
            "team": "shop",
            "teleport.dev/origin": "dynamic",
            "rds-enrollment.dev/owner": "cluster-a/rdsenroll/teleport/prod",
        },
        protocol="postgres",
        uri="orders.abc.us-west-1.rds.amazonaws.com:5432",
        region="us-west-1",
        account_id="123456789012",
        rds=RdsMetadata(
            instance_id="orders",
            cluster_id="",
            resource_id="db-ORDERS",
            iam_auth=True,
            subnets=("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
            vpc_id="vpc-0123456789abcdef0",
            security_groups=("sg-0cccccccccccccccc",),
        ),
    )


def test_an_aurora_primary() -> None:
    assert described(of_cluster(EndpointType.PRIMARY)) == Database(
        name="events",
        description="Aurora cluster in us-west-1",
        labels={
            "account-id": "123456789012",
            "region": "us-west-1",
            "teleport.dev/cloud": "AWS",
            "engine": "aurora-mysql",
            "engine-version": "8.0.mysql_aurora.3.08.0",
            "endpoint-type": "primary",
            "status": "available",
            "vpc-id": "vpc-0123456789abcdef0",
            "teleport.dev/origin": "dynamic",
            "rds-enrollment.dev/owner": "cluster-a/rdsenroll/teleport/prod",
        },
        protocol="mysql",
        uri="events.cluster-abc.us-west-1.rds.amazonaws.com:3306",
        region="us-west-1",
        account_id="123456789012",
        rds=RdsMetadata(
            instance_id="",
            cluster_id="events",
            resource_id="cluster-EVENTS",
            iam_auth=False,
            subnets=("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"),
            vpc_id="vpc-0123456789abcdef0",
            security_groups=("sg-0dddddddddddddddd",),
        ),
    )


def test_an_aurora_reader() -> None:
    reader = described(of_cluster(EndpointType.READER))
    assert reader.name == "events-reader"
    assert reader.description == "Aurora cluster in us-west-1 (reader endpoint)"
    assert reader.uri == "events.cluster-ro-abc.us-west-1.rds.amazonaws.com:3306"
    assert reader.labels["endpoint-type"] == "reader"
    assert (reader.rds.instance_id, reader.rds.cluster_id, reader.rds.resource_id) == (
        "",
        "events",
        "cluster-EVENTS",
    )


@pytest.mark.parametrize(
    ("engine", "protocol"),
    [("postgres", "postgres"), ("mysql", "mysql"), ("mariadb", "mysql")],
)
def test_protocol_of_an_instance(engine: str, protocol: str) -> None:
    version = "10.11.9" if engine == "mariadb" else "8.0"
    assert described(of_instance(engine=engine, engine_version=version)).protocol == protocol


@pytest.mark.parametrize(
    ("engine", "protocol"), [("aurora-postgresql", "postgres"), ("aurora-mysql", "mysql")]
)
def test_protocol_of_a_cluster(engine: str, protocol: str) -> None:
    assert described(of_cluster(EndpointType.PRIMARY, engine=engine)).protocol == protocol


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({}, "orders"),
        ({"TeleportDatabaseName": "shop"}, "shop"),
        ({"teleport.dev/database_name": "legacy"}, "legacy"),
        ({"TeleportDatabaseName": "shop", "teleport.dev/database_name": "legacy"}, "shop"),
        ({"TeleportDatabaseName": ""}, "orders"),
    ],
)
def test_tags_that_override_the_name(tags: dict[str, str], name: str) -> None:
    assert database_name(of_instance(tags=tags), NamingStrategy.IDENTIFIER) == name


def test_the_reader_follows_the_cluster_s_name() -> None:
    tagged = of_cluster(EndpointType.READER, tags={"TeleportDatabaseName": "stream"})
    assert database_name(tagged, NamingStrategy.IDENTIFIER) == "stream-reader"


@pytest.mark.parametrize("name", ["a", "Orders", "orders-1", "a--b", "x" * MAX_NAME])
def test_names_that_teleport_takes(name: str) -> None:
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name", ["", "1a", "-a", "a-", "a.b", "a_b", "a b", "a\n", "é", "x" * (MAX_NAME + 1)]
)
def test_names_that_teleport_refuses(name: str) -> None:
    assert not is_valid_name(name)


def test_a_unique_name_is_discovery_s() -> None:
    assert unique_name(of_instance()) == "orders-rds-us-west-1-123456789012"
    assert unique_name(of_cluster(EndpointType.PRIMARY)) == "events-rds-aurora-us-west-1-123456789012"


hostile_keys = st.one_of(
    st.sampled_from([*COMPUTED, "teleport.dev/hidden", "teleport.internal/x", "rds-enrollment.dev/owner"]),
    st.text(alphabet="aZ09-_./:* @+=\n", max_size=12),
    st.text(max_size=6),
)


@settings(deadline=None)
@given(st.dictionaries(hostile_keys, st.text(max_size=256), max_size=50))
def test_tags_never_override_a_computed_label(tags: dict[str, str]) -> None:
    labels = described(of_instance(tags=tags)).labels
    assert {key: labels[key] for key in COMPUTED} == COMPUTED
    for key in labels.keys() - COMPUTED.keys():
        assert labels[key] == tags[key]
        assert re.fullmatch("^[a-zA-Z/.0-9_:*-]+$", key)
        assert not key.endswith("\n")
        assert key.split("/")[0] not in ("teleport.dev", "teleport.internal", "rds-enrollment.dev")
    plain = {key for key in tags if re.fullmatch("[a-zA-Z0-9_.:*-]+", key)} - COMPUTED.keys()
    assert plain <= labels.keys()


@pytest.mark.parametrize(
    ("endpoint_type", "name"),
    [
        (EndpointType.PRIMARY, "events-rds-aurora-us-west-1-123456789012"),
        (EndpointType.READER, "events-reader-rds-aurora-us-west-1-123456789012"),
    ],
)
def test_qualified_names_are_those_of_auto_discovery(endpoint_type: EndpointType, name: str) -> None:
    assert database_name(of_cluster(endpoint_type), NamingStrategy.QUALIFIED) == name


def test_qualified_names_repeat_nothing_and_leave_override_tags_alone() -> None:
    qualified = NamingStrategy.QUALIFIED
    assert database_name(of_instance(), qualified) == "orders-rds-us-west-1-123456789012"
    placed = of_instance(identifier="orders-us-west-1-rds")
    assert database_name(placed, qualified) == "orders-us-west-1-rds-123456789012"
    assert database_name(of_instance(tags={"TeleportDatabaseName": "shop"}), qualified) == "shop"


def test_a_custom_endpoint_is_verified_by_the_cluster_s_own_name() -> None:
    host = "etl.cluster-custom-abc.us-west-1.rds.amazonaws.com"
    custom = described(of_cluster(EndpointType.CUSTOM, custom_endpoints=(host,)))
    assert custom.name == "events-custom-etl"
    assert custom.description == "Aurora cluster in us-west-1 (custom endpoint)"
    assert custom.uri == f"{host}:3306"
    assert custom.labels["endpoint-type"] == "custom"
    assert custom.rds.cluster_id == "events"
    assert custom.tls.server_name == "events.cluster-abc.us-west-1.rds.amazonaws.com"


def test_labels_of_the_spec_win_over_tags() -> None:
    labels = described(of_instance(tags={"team": "shop", "env": "?"}), labels={"env": "prod"}).labels
    assert (labels["team"], labels["env"]) == ("shop", "prod")


@pytest.mark.parametrize(
    ("tag_labels", "taken"),
    [
        ({}, {"team", "cost-center", "cost-owner", "aws:stack"}),
        ({"include": []}, set()),
        ({"include": ["team", "cost-*"]}, {"team", "cost-center", "cost-owner"}),
        ({"include": ["cost-*"], "exclude": ["*-owner"]}, {"cost-center"}),
        ({"exclude": ["aws:*"]}, {"team", "cost-center", "cost-owner"}),
        ({"include": ["t.am"]}, set()),
    ],
)
def test_which_tags_become_labels(tag_labels: dict[str, list[str]], taken: set[str]) -> None:
    tags = {"team": "1", "cost-center": "2", "cost-owner": "3", "aws:stack": "4"}
    labels = described(of_instance(tags=tags), tagLabels=tag_labels).labels
    assert labels.keys() - COMPUTED.keys() == taken


def test_how_certificates_are_verified() -> None:
    assert described(of_instance()).tls == DatabaseTls()
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    own = {"mode": "VerifyCa", "caCertificate": pem, "systemCertPool": "Trusted"}
    assert described(of_instance(), tls=own).tls == DatabaseTls(
        mode=TlsMode.VERIFY_CA, ca_certificate=pem, trust_system_cert_pool=True
    )
