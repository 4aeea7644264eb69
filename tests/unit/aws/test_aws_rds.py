from rds_enrollment.aws.rds import inventory
from rds_enrollment.aws.session import AwsAccount, AwsClients

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.wire import AwsRequest, Reply
from hack.sandbox.aws.world import World
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import StubAws, caller_identity, xml


def test_an_instance_is_read_with_its_network(account: AwsAccount, world: World) -> None:
    vpc = world.seed_vpc(REGION, "demo")
    seeded = world.seed_instance(vpc, "orders", engine="postgres", version="16.4", tags={"team": "shop"})

    found = inventory(account, REGION)

    assert (found.account, found.region) == ("123456789012", REGION)
    assert found.clusters == ()
    (orders,) = found.instances
    assert (orders.identifier, orders.arn, orders.resource_id) == ("orders", seeded.arn, seeded.resource_id)
    assert (orders.engine, orders.engine_version, orders.status) == ("postgres", "16.4", "available")
    assert (orders.endpoint, orders.port) == (seeded.host, 5432)
    assert orders.vpc_id == vpc.id
    assert set(orders.subnets) == set(vpc.private_subnets)
    assert orders.security_groups == (vpc.database_group,)
    assert orders.iam_auth is True
    assert orders.tags == {"team": "shop"}
    assert orders.cluster_identifier == ""


def test_a_cluster_is_read_with_its_members(account: AwsAccount, world: World) -> None:
    vpc = world.seed_vpc(REGION, "demo")
    seeded = world.seed_cluster(vpc, "events", engine="aurora-mysql", readers=1, iam_auth=False)

    found = inventory(account, REGION)

    (events,) = found.clusters
    assert (events.identifier, events.arn, events.resource_id) == ("events", seeded.arn, seeded.resource_id)
    assert (events.endpoint, events.reader_endpoint, events.port) == (seeded.host, seeded.reader_host, 3306)
    assert (events.engine, events.engine_mode, events.status) == ("aurora-mysql", "provisioned", "available")
    assert [(member.instance_identifier, member.writer) for member in events.members] == [
        ("events-1", True),
        ("events-2", False),
    ]
    assert events.iam_auth is False
    assert {instance.cluster_identifier for instance in found.instances} == {"events"}


def test_listings_are_complete_beyond_a_page(account: AwsAccount, world: World, sandbox: AwsSandbox) -> None:
    vpc = world.seed_vpc(REGION, "demo")
    names = {f"db-{number}" for number in range(101)}
    for name in names:
        world.seed_instance(vpc, name)
    clusters = {f"cluster-{number}" for number in range(101)}
    for name in clusters:
        world.client("rds", REGION).create_db_cluster(
            DBClusterIdentifier=name,
            Engine="aurora-postgresql",
            MasterUsername="sandbox",
            MasterUserPassword="only-in-the-sandbox",
            DBSubnetGroupName=vpc.subnet_group,
        )

    found = inventory(account, REGION)

    assert {instance.identifier for instance in found.instances} == names
    assert {cluster.identifier for cluster in found.clusters} == clusters
    assert sandbox.calls.counts["rds:DescribeDBInstances"] == 2
    assert sandbox.calls.counts["rds:DescribeDBClusters"] == 2


def test_other_engines_are_not_listed(account: AwsAccount, world: World) -> None:
    world.client("rds", REGION).create_db_instance(
        DBInstanceIdentifier="erp",
        DBInstanceClass="db.m5.large",
        Engine="oracle-se2",
        AllocatedStorage=20,
        MasterUsername="sandbox",
        MasterUserPassword="only-in-the-sandbox",
    )

    assert inventory(account, REGION).instances == ()


def test_an_entry_without_most_members_does_not_fail_the_page(
    stub: StubAws, static_credentials: None
) -> None:
    def answer(request: AwsRequest) -> Reply:
        if request.operation == "GetCallerIdentity":
            return caller_identity()
        if request.operation == "DescribeDBClusters":
            return _listing(request, "DBClusters", "<DBCluster/>")
        creating = "<DBInstance><DBInstanceIdentifier>new</DBInstanceIdentifier></DBInstance>"
        odd_time = (
            "<DBInstance><InstanceCreateTime>Thu, 01 Jan 2026 00:00:00 GMT</InstanceCreateTime></DBInstance>"
        )
        return _listing(request, "DBInstances", creating + odd_time)

    stub.answer = answer

    found = inventory(AwsClients().own(), REGION)

    assert [instance.identifier for instance in found.instances] == ["new", ""]
    new = found.instances[0]
    assert (new.endpoint, new.port, new.vpc_id, new.subnets, new.tags) == ("", 0, "", (), {})
    assert [cluster.members for cluster in found.clusters] == [()]


def _listing(request: AwsRequest, kind: str, entries: str) -> Reply:
    name = request.operation
    return xml(f"<{name}Response><{name}Result><{kind}>{entries}</{kind}></{name}Result></{name}Response>")
