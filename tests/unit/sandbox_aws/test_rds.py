"""RDS: paging, ranges, members and their cluster."""

from functools import partial

from moto.rds.models import rds_backends

from hack.sandbox.aws.world import Vpc, World

from .support import ACCOUNT, REGION, Aws, Shown, refusal


def test_clusters_come_in_pages(aws: Aws, vpc: Vpc, world: World) -> None:
    for number in range(25):
        world.seed_cluster(vpc, f"cluster-{number:02}", readers=-1)
    rds = aws.client("rds")
    first = rds.describe_db_clusters(MaxRecords=20)
    assert len(first["DBClusters"]) == 20
    second = rds.describe_db_clusters(MaxRecords=20, Marker=first["Marker"])
    assert "Marker" not in second
    names = [c["DBClusterIdentifier"] for c in first["DBClusters"] + second["DBClusters"]]
    assert names == [f"cluster-{number:02}" for number in range(25)]


def test_more_than_a_thousand_instances_fit(aws: Aws, vpc: Vpc, world: World) -> None:
    backend = rds_backends[ACCOUNT][REGION]
    for number in range(1050):
        backend.create_db_instance(
            {
                "db_instance_identifier": f"db-{number:04}",
                "db_instance_class": "db.t4g.micro",
                "engine": "postgres",
                "db_subnet_group_name": vpc.subnet_group,
            }
        )
    pages = list(aws.client("rds").get_paginator("describe_db_instances").paginate())
    found = [database for page in pages for database in page["DBInstances"]]
    assert [len(page["DBInstances"]) for page in pages] == [100] * 10 + [50]
    assert len({database["DbiResourceId"] for database in found}) == 1050


def test_page_sizes_and_markers_are_checked(aws: Aws) -> None:
    rds = aws.client("rds")
    for describe in (rds.describe_db_instances, rds.describe_db_clusters):
        wrong: Shown
        for wrong in ({"MaxRecords": 5}, {"MaxRecords": 101}, {"Marker": "nonsense"}):
            code, _ = refusal(partial(describe, **wrong))
            assert code == "InvalidParameterValue"


def test_the_missing_are_not_found(aws: Aws) -> None:
    rds = aws.client("rds")
    code, _ = refusal(lambda: rds.describe_db_instances(DBInstanceIdentifier="absent"))
    assert code == "DBInstanceNotFound"
    code, _ = refusal(lambda: rds.describe_db_clusters(DBClusterIdentifier="absent"))
    assert code == "DBClusterNotFoundFault"


def test_members_live_where_their_cluster_lives(aws: Aws, vpc: Vpc, world: World) -> None:
    seeded = world.seed_cluster(vpc, "events", readers=2, tags={"team": "data"})
    rds = aws.client("rds")
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier="events")["DBClusters"]
    members = {m["DBInstanceIdentifier"]: m["IsClusterWriter"] for m in cluster["DBClusterMembers"]}
    assert members == {"events-1": True, "events-2": False, "events-3": False}
    assert cluster["ReaderEndpoint"] == seeded.reader_host != cluster["Endpoint"]
    assert ".cluster-ro-" in cluster["ReaderEndpoint"]
    assert cluster["TagList"] == [{"Key": "team", "Value": "data"}]
    assert cluster["IAMDatabaseAuthenticationEnabled"] is True
    by_cluster = [{"Name": "db-cluster-id", "Values": ["events"]}]
    for member in rds.describe_db_instances(Filters=by_cluster)["DBInstances"]:
        assert member["DBSubnetGroup"]["VpcId"] == vpc.id
        shown = {subnet["SubnetIdentifier"] for subnet in member["DBSubnetGroup"]["Subnets"]}
        assert shown == set(vpc.private_subnets)
        assert member["VpcSecurityGroups"][0]["VpcSecurityGroupId"] == vpc.database_group


def test_an_instance_made_again_is_another_resource(aws: Aws, vpc: Vpc, world: World) -> None:
    first = world.seed_instance(vpc, "orders", iam_auth=False, tags={"team": "shop"})
    rds = aws.client("rds")
    [shown] = rds.describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"]
    assert (shown["DBInstanceStatus"], shown["IAMDatabaseAuthenticationEnabled"]) == ("available", False)
    assert shown["TagList"] == [{"Key": "team", "Value": "shop"}]
    rds.delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)
    assert world.seed_instance(vpc, "orders").resource_id != first.resource_id


def test_instances_are_filtered_by_engine(aws: Aws, world: World) -> None:
    world.demo_world(REGION)
    rds = aws.client("rds")
    engines = [{"Name": "engine", "Values": ["mysql", "mariadb"]}]
    found = rds.describe_db_instances(Filters=engines)["DBInstances"]
    assert [database["DBInstanceIdentifier"] for database in found] == ["billing"]
