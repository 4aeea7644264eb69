"""What can be enrolled: the tables and rules of Teleport's RDS discovery, stated again by hand."""

from typing import Any

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.candidates import Candidate, EndpointType, Found, Skipped, discover
from rds_enrollment.plan.observed.aws import RdsInventory

from tests.unit.plan.enrollment.build import MEMBERS, VPC, cluster, instance, inventory, member


def found_in(listed: RdsInventory) -> tuple[Found, ...]:
    """Every endpoint of every database."""
    return tuple(endpoint for database in discover(listed) for endpoint in database.endpoints)


INSTANCE_AVAILABLE = [
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "incompatible-option-group",
    "incompatible-parameters",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "rebooting",
    "resetting-master-credentials",
    "renaming",
    "restore-error",
    "storage-full",
    "storage-optimization",
    "upgrading",
]
INSTANCE_UNAVAILABLE = [
    "creating",
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-network",
    "incompatible-restore",
    "starting",
    "stopped",
    "stopping",
    "insufficient-capacity",
]
CLUSTER_AVAILABLE = [
    "active",
    "available",
    "backing-up",
    "backtracking",
    "failing-over",
    "maintenance",
    "migrating",
    "modifying",
    "promoting",
    "renaming",
    "resetting-master-credentials",
    "update-iam-db-auth",
    "upgrading",
]
CLUSTER_UNAVAILABLE = [
    "cloning-failed",
    "creating",
    "deleting",
    "inaccessible-encryption-credentials",
    "migration-failed",
    "starting",
    "stopped",
    "stopping",
]


def only(found: tuple[Found, ...]) -> Found:
    (item,) = found
    return item


@pytest.mark.parametrize("status", [*INSTANCE_AVAILABLE, "a-status-of-next-year"])
def test_an_instance_in_a_usable_status_is_a_candidate(status: str) -> None:
    assert isinstance(only(found_in(inventory([instance(status=status)]))), Candidate)


@pytest.mark.parametrize("status", INSTANCE_UNAVAILABLE)
def test_an_instance_in_an_unusable_status_is_skipped(status: str) -> None:
    item = only(found_in(inventory([instance(status=status)])))
    assert isinstance(item, Skipped)
    assert item.reason is Reason.NOT_AVAILABLE
    assert status in item.message


@pytest.mark.parametrize("status", [*CLUSTER_AVAILABLE, "a-status-of-next-year"])
def test_a_cluster_in_a_usable_status_has_both_endpoints(status: str) -> None:
    found = found_in(inventory(MEMBERS, [cluster(status=status)]))
    assert [item.endpoint_type for item in found if isinstance(item, Candidate)] == [
        EndpointType.PRIMARY,
        EndpointType.READER,
    ]


@pytest.mark.parametrize("status", CLUSTER_UNAVAILABLE)
def test_a_cluster_in_an_unusable_status_is_skipped_once(status: str) -> None:
    item = only(found_in(inventory(MEMBERS, [cluster(status=status)])))
    assert isinstance(item, Skipped)
    assert item.reason is Reason.NOT_AVAILABLE


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"engine": "oracle-ee"}, Reason.UNSUPPORTED_ENGINE),
        ({"engine": "aurora-mysql"}, Reason.UNSUPPORTED_ENGINE),
        ({"engine": "mariadb", "engine_version": "10.5.27"}, Reason.UNSUPPORTED_VERSION),
        ({"engine": "mariadb", "engine_version": "9.99.1"}, Reason.UNSUPPORTED_VERSION),
        ({"endpoint": ""}, Reason.NO_ENDPOINT),
        ({"port": 0}, Reason.NO_ENDPOINT),
        ({"vpc_id": ""}, Reason.NO_VPC),
    ],
)
def test_an_instance_that_teleport_cannot_serve_is_skipped(fields: dict[str, Any], reason: Reason) -> None:
    item = only(found_in(inventory([instance(**fields)])))
    assert isinstance(item, Skipped)
    assert item.reason is reason


@pytest.mark.parametrize("version", ["10.6.0", "10.6.20", "10.11.9", "11.4.3", "unheard-of"])
def test_mariadb_from_10_6_on_is_a_candidate(version: str) -> None:
    item = only(found_in(inventory([instance(engine="mariadb", engine_version=version)])))
    assert isinstance(item, Candidate)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"engine_mode": "serverless"}, Reason.UNSUPPORTED_VERSION),
        ({"engine": "postgres"}, Reason.UNSUPPORTED_ENGINE),
        ({"engine": "mysql"}, Reason.UNSUPPORTED_ENGINE),
        ({"engine": "aurora"}, Reason.UNSUPPORTED_ENGINE),
        ({"endpoint": ""}, Reason.NO_ENDPOINT),
        ({"identifier": "lonely"}, Reason.NO_INSTANCES),
    ],
)
def test_a_cluster_that_teleport_cannot_serve_is_skipped(fields: dict[str, Any], reason: Reason) -> None:
    item = only(found_in(inventory(MEMBERS, [cluster(**fields)])))
    assert isinstance(item, Skipped)
    assert item.reason is reason


def test_multi_az_clusters_are_named_as_such() -> None:
    item = only(found_in(inventory(MEMBERS, [cluster(engine="postgres")])))
    assert isinstance(item, Skipped)
    assert "Multi-AZ" in item.message


@pytest.mark.parametrize("engine", ["docdb", "neptune"])
def test_services_that_share_the_listing_are_ignored(engine: str) -> None:
    listed = inventory([instance(engine=engine)], [cluster(engine=engine)])
    assert found_in(listed) == ()


def test_members_of_a_cluster_are_not_databases_of_their_own() -> None:
    kinds = {str(item.resource) for item in found_in(inventory([*MEMBERS, instance()], [cluster()]))}
    assert kinds == {"cluster events in us-west-1", "instance orders in us-west-1"}


def test_a_cluster_takes_its_network_from_a_member_that_has_one() -> None:
    members = [
        member("events-1", vpc_id="", subnets=()),
        member("events-2", subnets=("subnet-0eeeeeeeeeeeeeeee",)),
    ]
    primary = found_in(inventory(members, [cluster()]))[0]
    assert isinstance(primary, Candidate)
    assert (primary.vpc_id, primary.subnets) == (VPC, ("subnet-0eeeeeeeeeeeeeeee",))
    assert primary.security_groups == ("sg-0dddddddddddddddd",)


@pytest.mark.parametrize("fields", [{"members": cluster().members[:1]}, {"reader_endpoint": ""}])
def test_no_reader_without_reader_members_or_endpoint(fields: dict[str, Any]) -> None:
    item = only(found_in(inventory(MEMBERS, [cluster(**fields)])))
    assert isinstance(item, Candidate)
    assert item.endpoint_type is EndpointType.PRIMARY


def test_a_broken_database_leaves_the_others_alone() -> None:
    found = found_in(inventory([instance("broken", endpoint="", engine=""), instance("sound")]))
    assert [type(item) for item in found] == [Skipped, Candidate]
