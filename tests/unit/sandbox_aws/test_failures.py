"""Tasks that cannot start: the network, the roles, the log group."""

from collections.abc import Callable

import pytest

from hack.sandbox.aws.ecs.faults import TaskFault
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World

from .support import CLUSTER, FAMILY, REGION, SERVICE, Aws, Shown, awsvpc, eventually

PULL_ERROR = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
    "public.ecr.aws/gravitational/teleport-distroless:18.0.0: failed to do request: "
    'Head "https://public.ecr.aws/v2/gravitational/teleport-distroless/manifests/18.0.0": '
    "dial tcp 99.83.145.10:443: i/o timeout"
)


def failed_task(aws: Aws) -> Shown:
    """One that has stopped; others may still be on their way there."""
    return eventually(lambda: [task for task in aws.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])[0]


def test_without_a_route_to_the_internet_the_image_cannot_be_pulled(aws: Aws, world: World) -> None:
    isolated = world.seed_vpc(REGION, "isolated", internet=False)
    aws.deploy(isolated)
    task = failed_task(aws)
    assert (task["stopCode"], task["lastStatus"]) == ("TaskFailedToStart", "STOPPED")
    assert task["stoppedReason"] == PULL_ERROR
    assert task["containers"][0]["reason"] == PULL_ERROR
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task
    service = eventually(lambda: _failing(aws, 5))
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert service["runningCount"] == 0
    assert any("unable to consistently start tasks" in event["message"] for event in service["events"])


def test_without_a_dns_server_the_image_cannot_be_pulled(aws: Aws, vpc: Vpc, world: World) -> None:
    world.client("ec2", REGION).modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    aws.deploy(vpc)
    assert failed_task(aws)["stoppedReason"].endswith("dial tcp: lookup public.ecr.aws: i/o timeout")


def test_a_dns_server_of_ones_own_will_do(aws: Aws, vpc: Vpc, world: World) -> None:
    ec2 = world.client("ec2", REGION)
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})
    servers = [{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}]
    options = ec2.create_dhcp_options(DhcpConfigurations=servers)["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc.id)
    aws.deploy(vpc)
    assert aws.steady()["deployments"][0]["failedTasks"] == 0


def test_the_service_heals_when_its_network_does(aws: Aws, vpc: Vpc, world: World) -> None:
    ec2 = world.client("ec2", REGION)
    route = {"RouteTableId": vpc.route_table, "DestinationCidrBlock": "0.0.0.0/0"}
    [table] = ec2.describe_route_tables(RouteTableIds=[vpc.route_table])["RouteTables"]
    nat = next(r["NatGatewayId"] for r in table["Routes"] if r.get("NatGatewayId"))
    ec2.delete_route(**route)
    aws.deploy(vpc)
    eventually(lambda: _failing(aws, 1))
    ec2.create_route(**route, NatGatewayId=nat)
    assert aws.steady()["deployments"][0]["failedTasks"] == 0


def _failing(aws: Aws, failures: int) -> Shown | None:
    service = aws.service()
    return service if service["deployments"][0]["failedTasks"] >= failures else None


def _close_group(world: World, vpc: Vpc) -> None:
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    world.client("ec2", REGION).revoke_security_group_egress(
        GroupId=vpc.agents_group, IpPermissions=everything
    )


def _deny_in_acl(egress: bool) -> Callable[[World, Vpc], None]:
    def deny(world: World, vpc: Vpc) -> None:
        ec2 = world.client("ec2", REGION)
        [acl] = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])["NetworkAcls"]
        ec2.create_network_acl_entry(
            NetworkAclId=acl["NetworkAclId"],
            RuleNumber=50,
            Protocol="6",
            RuleAction="deny",
            Egress=egress,
            CidrBlock="99.83.145.0/24",
            PortRange={"From": 443, "To": 443} if egress else {"From": 1024, "To": 65535},
        )

    return deny


def _delete_nat(world: World, vpc: Vpc) -> None:
    ec2 = world.client("ec2", REGION)
    for nat in ec2.describe_nat_gateways()["NatGateways"]:
        ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])


@pytest.mark.parametrize(
    "cut", [_close_group, _deny_in_acl(egress=True), _deny_in_acl(egress=False), _delete_nat]
)
def test_each_layer_of_the_network_can_stop_the_pull(
    aws: Aws, vpc: Vpc, world: World, cut: Callable[[World, Vpc], None]
) -> None:
    cut(world, vpc)
    aws.deploy(vpc)
    assert failed_task(aws)["stoppedReason"] == PULL_ERROR


@pytest.mark.parametrize("public_ip", [True, False])
def test_a_public_subnet_needs_a_public_address(aws: Aws, vpc: Vpc, public_ip: bool) -> None:
    aws.deploy(vpc, networkConfiguration=awsvpc(vpc.public_subnets, [vpc.agents_group], public_ip))
    if public_ip:
        aws.steady()
    else:
        assert failed_task(aws)["stopCode"] == "TaskFailedToStart"


def test_other_subnets_heal_a_service_by_rollout(aws: Aws, world: World, vpc: Vpc) -> None:
    ec2 = world.client("ec2", REGION)
    ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock="0.0.0.0/0")
    aws.deploy(vpc)
    failed_task(aws)
    aws.ecs.update_service(
        cluster=CLUSTER,
        service=SERVICE,
        networkConfiguration=awsvpc(vpc.public_subnets, [vpc.agents_group], public_ip=True),
    )
    aws.steady()


@pytest.mark.parametrize("role", ["absent", "trusted-by-others"])
def test_a_role_that_ecs_cannot_assume_is_a_service_event(aws: Aws, vpc: Vpc, role: str) -> None:
    lambda_trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    aws.create_role("trusted-by-others", lambda_trust)
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.register(role=role)
    aws.create_service(vpc)
    event = eventually(lambda: aws.service()["events"])[-1]["message"]
    assert event.startswith(
        f"(service {SERVICE}) failed to launch a task with (error ECS was unable to assume the role "
        f"'arn:aws:iam::123456789012:role/{role}' that was provided for this task."
    )
    assert aws.service()["deployments"][0]["failedTasks"] >= 1
    assert aws.tasks() == aws.tasks("STOPPED") == []


def test_a_role_made_later_lets_the_tasks_start(aws: Aws, vpc: Vpc) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.register(role="late")
    aws.create_service(vpc)
    eventually(lambda: aws.service()["events"])
    aws.create_role("late")
    aws.steady()


def _log_configuration(**options: str) -> Shown:
    base = {"awslogs-group": "agents", "awslogs-region": REGION, "awslogs-stream-prefix": "prefix/family"}
    return {"logDriver": "awslogs", "options": {**base, **options}}


def test_the_log_group_is_made_and_each_task_writes_to_its_stream(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.register(logConfiguration=_log_configuration(**{"awslogs-create-group": "true"}))
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=FAMILY)
    aws.steady()
    logs = aws.client("logs")
    [task, _] = aws.tasks()
    stream = f"prefix/family/teleport-service/{task['taskArn'].rsplit('/', 1)[-1]}"
    events = logs.get_log_events(logGroupName="agents", logStreamName=stream)["events"]
    assert len(events) == 1


def test_a_missing_log_group_stops_the_task(aws: Aws, vpc: Vpc) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register(logConfiguration=_log_configuration())
    aws.create_service(vpc)
    task = failed_task(aws)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: failed to validate logger args")


def test_a_failed_task_leaves_no_interface(sandbox: AwsSandbox, aws: Aws, world: World) -> None:
    isolated = world.seed_vpc(REGION, "isolated", internet=False)
    aws.deploy(isolated)
    failed_task(aws)
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    eventually(lambda: aws.service()["status"] == "INACTIVE")
    filters = [{"Name": "vpc-id", "Values": [isolated.id]}]
    assert aws.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"] == []


def test_a_rollout_that_fails_keeps_the_old_tasks(aws: Aws, vpc: Vpc, world: World) -> None:
    aws.deploy(vpc)
    aws.steady()
    old = {task["taskArn"] for task in aws.tasks()}
    closed = awsvpc(vpc.public_subnets, [vpc.agents_group])
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, networkConfiguration=closed)
    service = eventually(lambda: _failing(aws, 3))
    assert service["runningCount"] == 2
    assert [d["runningCount"] for d in service["deployments"]] == [0, 2]
    assert old <= {task["taskArn"] for task in aws.tasks()}


def test_a_deleted_subnet_is_a_service_event(aws: Aws, vpc: Vpc, world: World) -> None:
    aws.deploy(vpc, desiredCount=0)
    for subnet in vpc.private_subnets:
        world.client("ec2", REGION).delete_subnet(SubnetId=subnet)
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1)
    assert eventually(lambda: _failing(aws, 1))
    assert any("does not exist" in event["message"] for event in aws.service()["events"])


def test_a_service_can_be_given_faults_of_its_own(aws: Aws, vpc: Vpc, sandbox: AwsSandbox) -> None:
    sandbox.task_faults[SERVICE] = TaskFault(refusal="was unable to place a task. Reason: Internal error.")
    aws.deploy(vpc)
    eventually(lambda: any("Internal error" in event["message"] for event in aws.service()["events"]))
    assert aws.tasks("STOPPED") == []

    sandbox.task_faults[SERVICE] = TaskFault(start_error="CannotPullContainerError: not found")
    assert failed_task(aws)["stoppedReason"] == "CannotPullContainerError: not found"

    del sandbox.task_faults[SERVICE]
    assert aws.steady()["runningCount"] == 2


def test_a_service_can_start_nothing_without_a_word(aws: Aws, vpc: Vpc, sandbox: AwsSandbox) -> None:
    sandbox.task_faults[SERVICE] = TaskFault(silent=True)
    aws.deploy(vpc)
    sandbox.tick()
    found = aws.service()
    assert (found["desiredCount"], found["pendingCount"], found["events"]) == (2, 0, [])
    del sandbox.task_faults[SERVICE]
    assert aws.steady()["runningCount"] == 2


def test_a_container_that_ends_by_itself_leaves_its_exit_code_and_its_log(
    aws: Aws, vpc: Vpc, sandbox: AwsSandbox
) -> None:
    options = {
        "awslogs-group": "agents",
        "awslogs-region": REGION,
        "awslogs-create-group": "true",
        "awslogs-stream-prefix": "agents",
    }
    sandbox.task_faults[SERVICE] = TaskFault(exit_code=3, container_reason="Killed", log=("the end",))
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register(logConfiguration={"logDriver": "awslogs", "options": options})
    aws.create_service(vpc)
    task = failed_task(aws)
    (container,) = task["containers"]
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert (container["exitCode"], container["reason"]) == (3, "Killed")
    stream = f"agents/teleport-service/{task['taskArn'].rpartition('/')[2]}"
    found = aws.client("logs").get_log_events(logGroupName="agents", logStreamName=stream)["events"]
    assert [event["message"] for event in found] == ["teleport-service: started", "the end"]
