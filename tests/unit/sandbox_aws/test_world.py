"""Worlds, the tasks that an agents simulator sees, and what they reach."""

import os
import re
import signal
import subprocess
import sys

import pytest

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.tasks import RunningTask, TaskSource, http_source
from hack.sandbox.aws.world import DemoWorld, Vpc, World

from .support import ACCOUNT, CLUSTER, HANG, REGION, SERVICE, Aws, Shown, awsvpc


@pytest.fixture
def demo(world: World) -> DemoWorld:
    return world.demo_world(REGION)


@pytest.fixture
def task(aws: Aws, demo: DemoWorld, sandbox: AwsSandbox) -> RunningTask:
    aws.deploy(demo.vpc)
    aws.steady()
    return sandbox.running_tasks()[0]


def test_subnets_and_groups_are_found_by_tag(aws: Aws, demo: DemoWorld, world: World) -> None:
    world.seed_vpc(REGION, "other", cidr="10.9.0.0/16")
    ec2 = aws.client("ec2")

    def filters(key: str, value: str) -> list[Shown]:
        return [
            {"Name": "vpc-id", "Values": [demo.vpc.id]},
            {"Name": f"tag:{key}", "Values": [value]},
        ]

    subnets = ec2.describe_subnets(Filters=filters("tier", "private"))["Subnets"]
    assert {subnet["SubnetId"] for subnet in subnets} == set(demo.vpc.private_subnets)
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    groups = ec2.describe_security_groups(Filters=filters("role", "teleport-agents"))["SecurityGroups"]
    assert [group["GroupId"] for group in groups] == [demo.vpc.agents_group]


def test_the_demo_world_has_instances_and_a_cluster(aws: Aws, demo: DemoWorld) -> None:
    rds = aws.client("rds")
    standalone = [
        (database["DBInstanceIdentifier"], database["Engine"])
        for database in rds.describe_db_instances()["DBInstances"]
        if "DBClusterIdentifier" not in database
    ]
    assert sorted(standalone) == [("billing", "mysql"), ("orders", "postgres")]
    [cluster] = rds.describe_db_clusters()["DBClusters"]
    assert sorted(member["IsClusterWriter"] for member in cluster["DBClusterMembers"]) == [False, True]
    assert cluster["DBClusterArn"].split(":")[4] == ACCOUNT


def test_a_world_in_another_account(sandbox: AwsSandbox, aws: Aws) -> None:
    other = World(sandbox.url, account="222222222222")
    vpc = other.seed_vpc(REGION, "theirs")
    assert vpc.account == "222222222222"
    assert other.seed_instance(vpc, "orders").arn.split(":")[4] == "222222222222"
    assert aws.client("rds").describe_db_instances()["DBInstances"] == []


def test_a_running_task_tells_what_an_agent_needs(task: RunningTask, demo: DemoWorld, aws: Aws) -> None:
    shown = next(t for t in aws.tasks() if t["taskArn"] == task.task_arn)
    details = {d["name"]: d["value"] for d in shown["attachments"][0]["details"]}
    assert (task.account, task.region, task.service_name) == (ACCOUNT, REGION, SERVICE)
    assert task.task_role_arn == f"arn:aws:iam::{ACCOUNT}:role/agents"
    assert task.command == ["teleport", "start"]
    assert task.environment == {"KEY": "value"}
    assert task.vpc_id == demo.vpc.id
    assert task.security_groups == [demo.vpc.agents_group]
    assert (task.subnet_id, task.eni_id, task.private_ip, task.private_dns_name) == (
        details["subnetId"],
        details["networkInterfaceId"],
        details["privateIPv4Address"],
        details["privateDnsName"],
    )
    assert task.started_at.tzinfo is not None


def test_only_running_tasks_are_seen(sandbox: AwsSandbox, aws: Aws, task: RunningTask) -> None:
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    assert sandbox.running_tasks() == []
    assert not sandbox.can_reach(task, "anywhere", 5432).ok


@pytest.mark.parametrize("over_http", [False, True])
def test_databases_are_reached_through_their_groups(
    sandbox: AwsSandbox, world: World, demo: DemoWorld, task: RunningTask, over_http: bool
) -> None:
    source: TaskSource = http_source(sandbox.url) if over_http else sandbox
    assert task in source.running_tasks()
    [cluster] = demo.clusters
    for host, port in [
        *((database.host, database.port) for database in demo.instances),
        (cluster.host, cluster.port),
        (cluster.reader_host, cluster.port),
    ]:
        assert source.can_reach(task, host, port).ok
    orders = demo.instances[0]
    refused = source.can_reach(task, orders.host, 3306)
    assert refused.error.endswith(":3306: connect: connection refused")
    unknown = source.can_reach(task, "nowhere.example.com", 5432)
    assert unknown.error == "dial tcp: lookup nowhere.example.com: no such host"
    world.client("ec2", REGION).revoke_security_group_ingress(
        GroupId=demo.vpc.database_group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "UserIdGroupPairs": [{"GroupId": demo.vpc.agents_group}],
            }
        ],
    )
    blocked = source.can_reach(task, orders.host, 5432)
    assert re.fullmatch(r"dial tcp 10\.0\.\d+\.\d+:5432: i/o timeout", blocked.error)


def test_an_address_range_opens_a_group_too(
    sandbox: AwsSandbox, world: World, demo: DemoWorld, task: RunningTask
) -> None:
    ec2 = world.client("ec2", REGION)
    group = ec2.create_security_group(GroupName="by-range", Description="d", VpcId=demo.vpc.id)["GroupId"]
    database = world.seed_instance(demo.vpc, "by-range", security_groups=[group])
    assert not sandbox.can_reach(task, database.host, 5432).ok
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=5000, ToPort=6000, CidrIp=f"{task.private_ip}/32"
    )
    assert sandbox.can_reach(task, database.host, 5432).ok


def test_another_vpc_is_out_of_reach(sandbox: AwsSandbox, world: World, task: RunningTask) -> None:
    other: Vpc = world.seed_vpc(REGION, "other", cidr="10.9.0.0/16")
    database = world.seed_instance(other, "elsewhere")
    assert sandbox.can_reach(task, database.host, 5432).error.endswith("i/o timeout")


def test_without_groups_the_default_one_is_used(aws: Aws, sandbox: AwsSandbox, demo: DemoWorld) -> None:
    aws.deploy(demo.vpc, networkConfiguration=awsvpc(demo.vpc.private_subnets, []))
    aws.steady()
    [group] = sandbox.running_tasks()[0].security_groups
    [shown] = aws.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert (shown["GroupName"], shown["VpcId"]) == ("default", demo.vpc.id)


def test_it_runs_alone_with_a_demo_world() -> None:
    command = [sys.executable, "-m", "hack.sandbox.aws", "--demo-world"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."}
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip().removeprefix("AWS_ENDPOINT_URL=")
            names = [
                d["DBInstanceIdentifier"]
                for d in Aws(url).client("rds").describe_db_instances()["DBInstances"]
            ]
            assert names == ["billing", "events-1", "events-2", "orders"]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(HANG) == 0
