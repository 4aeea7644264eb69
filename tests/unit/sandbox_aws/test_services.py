"""An ECS service on the simulated Fargate, seen through boto3."""

from functools import partial
from ipaddress import ip_address, ip_network

from hack.sandbox.aws.world import Vpc, World

from .support import ACCOUNT, CLUSTER, FAMILY, IMAGE, REGION, SERVICE, Aws, Shown, awsvpc, eventually, refusal


def details(task: Shown) -> dict[str, str]:
    return {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}


def test_a_service_runs_its_tasks_in_both_subnets(aws: Aws, vpc: Vpc, world: World) -> None:
    created = aws.deploy(vpc)
    assert (created["status"], created["runningCount"]) == ("ACTIVE", 0)
    service = aws.steady()
    tasks = aws.tasks()
    assert {details(task)["subnetId"] for task in tasks} == set(vpc.private_subnets)
    assert {task["lastStatus"] for task in tasks} == {"RUNNING"}
    messages = [event["message"] for event in service["events"]]
    assert messages[0] == f"(service {SERVICE}) has reached a steady state."
    assert any(f"(service {SERVICE}) has started 2 tasks: (task " in message for message in messages)


def test_a_task_has_an_interface_in_its_subnet(aws: Aws, vpc: Vpc, world: World) -> None:
    aws.deploy(vpc)
    aws.steady()
    ec2 = aws.client("ec2")
    for task in aws.tasks():
        shown = details(task)
        [subnet] = ec2.describe_subnets(SubnetIds=[shown["subnetId"]])["Subnets"]
        [eni] = ec2.describe_network_interfaces(NetworkInterfaceIds=[shown["networkInterfaceId"]])[
            "NetworkInterfaces"
        ]
        assert ip_address(shown["privateIPv4Address"]) in ip_network(subnet["CidrBlock"])
        assert eni["PrivateIpAddress"] == shown["privateIPv4Address"]
        assert eni["MacAddress"] == shown["macAddress"]
        assert eni["Description"] == (
            f"arn:aws:ecs:{REGION}:{ACCOUNT}:attachment/{task['attachments'][0]['id']}"
        )
        assert [group["GroupId"] for group in eni["Groups"]] == [vpc.agents_group]
        dashed = shown["privateIPv4Address"].replace(".", "-")
        assert shown["privateDnsName"] == f"ip-{dashed}.{REGION}.compute.internal"


def test_the_fields_of_a_service_are_kept_and_returned(aws: Aws, vpc: Vpc) -> None:
    tags = [{"key": "teleport.dev/cluster", "value": "example"}]
    settings = {
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "platformVersion": "1.4.0",
        "availabilityZoneRebalancing": "DISABLED",
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    }
    aws.deploy(vpc, tags=tags, **settings)
    service = aws.steady()
    assert {key: service[key] for key in settings} == settings
    assert service["tags"] == tags
    [task, _] = aws.tasks()
    assert {tag["key"]: tag["value"] for tag in task["tags"]} == {
        "aws:ecs:clusterName": CLUSTER,
        "aws:ecs:serviceName": SERVICE,
        "teleport.dev/cluster": "example",
    }


def test_the_same_request_again_is_the_same_service(aws: Aws, vpc: Vpc) -> None:
    first = aws.deploy(vpc)
    again = aws.create_service(vpc)
    assert again["createdAt"] == first["createdAt"]
    assert len(again["deployments"]) == 1


def test_another_request_under_the_same_name_is_refused(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    code, message = refusal(lambda: aws.create_service(vpc, desiredCount=3))
    assert code == "InvalidParameterException"
    assert message == "Creation of service was not idempotent."


def test_a_network_is_required_and_checked(aws: Aws, vpc: Vpc, world: World) -> None:
    aws.deploy(vpc)
    other = world.seed_vpc(REGION, "other", cidr="10.9.0.0/16")
    wrong = {
        "Network Configuration must be provided": {},
        "subnet ID 'subnet-0000' does not exist": awsvpc(["subnet-0000"], [vpc.agents_group]),
        "security group 'sg-0000' does not exist": awsvpc(vpc.private_subnets, ["sg-0000"]),
        "more than one VPC": awsvpc([vpc.private_subnets[0], other.private_subnets[0]], []),
        f"belongs to {other.id}": awsvpc(vpc.private_subnets, [other.agents_group]),
    }
    for text, network in wrong.items():
        create = partial(aws.create_service, vpc, serviceName="second", networkConfiguration=network)
        code, message = refusal(create)
        assert code == "InvalidParameterException"
        assert text in message
    code, _ = refusal(
        lambda: aws.ecs.update_service(
            cluster=CLUSTER, service=SERVICE, networkConfiguration=awsvpc(["subnet-0000"], [])
        )
    )
    assert code == "InvalidParameterException"


def test_what_is_not_simulated_is_refused(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    code, message = refusal(lambda: aws.create_service(vpc, serviceName="second", launchType="EC2"))
    assert code == "ClientException"
    assert "launchType" in message
    code, _ = refusal(lambda: aws.ecs.run_task(cluster=CLUSTER, taskDefinition=FAMILY))
    assert code == "ClientException"


def test_a_new_task_definition_rolls_without_losing_a_task(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    old = {task["taskArn"] for task in aws.tasks()}
    new_definition = aws.register(command=["teleport", "start", "--debug"])
    updated = aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=new_definition)
    assert [d["status"] for d in updated["service"]["deployments"]] == ["PRIMARY", "ACTIVE"]
    counts = []

    def complete() -> bool:
        service = aws.service()
        counts.append((service["runningCount"], service["runningCount"] + service["pendingCount"]))
        return len(service["deployments"]) == 1 and service["runningCount"] == 2

    eventually(complete)
    assert min(running for running, _ in counts) >= 2
    assert max(total for _, total in counts) <= 4
    tasks = aws.tasks()
    assert {task["taskDefinitionArn"] for task in tasks} == {new_definition}
    assert not old & {task["taskArn"] for task in tasks}
    stopped = [task for task in aws.tasks("STOPPED") if task["taskArn"] in old]
    assert {task["stopCode"] for task in stopped} == {"ServiceSchedulerInitiated"}


def test_an_update_that_changes_nothing_starts_no_deployment(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    before = aws.steady()["deployments"][0]["id"]
    network = awsvpc(vpc.private_subnets, [vpc.agents_group])
    aws.ecs.update_service(
        cluster=CLUSTER, service=SERVICE, taskDefinition=FAMILY, networkConfiguration=network
    )
    assert [d["id"] for d in aws.service()["deployments"]] == [before]
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    assert aws.steady()["deployments"][0]["id"] != before


def test_scaling_in_and_out(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    aws.steady(running=3)
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1)
    aws.steady(running=1)
    eventually(lambda: len(aws.tasks("STOPPED")) == 2)


def test_a_stopped_task_is_replaced(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    victim = aws.tasks()[0]["taskArn"]
    aws.ecs.stop_task(cluster=CLUSTER, task=victim, reason="drill")
    eventually(
        lambda: any(t["taskArn"] == victim and t["lastStatus"] == "STOPPED" for t in aws.tasks("STOPPED"))
    )
    aws.steady()
    [stopped] = aws.ecs.describe_tasks(cluster=CLUSTER, tasks=[victim])["tasks"]
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "drill")
    assert stopped["containers"][0]["exitCode"] == 0
    assert stopped["containers"][0]["image"] == IMAGE


def test_deletion_drains_and_takes_the_interfaces_along(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    code, _ = refusal(lambda: aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE))
    assert code == "InvalidParameterException"
    code, _ = refusal(lambda: aws.ecs.delete_cluster(cluster=CLUSTER))
    assert code == "ClusterContainsServicesException"
    deleted = aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)["service"]
    assert deleted["status"] == "DRAINING"
    assert aws.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []
    eventually(lambda: aws.service()["status"] == "INACTIVE")
    filters = [{"Name": "group-id", "Values": [vpc.agents_group]}]
    assert aws.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"] == []
    code, _ = refusal(lambda: aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1))
    assert code == "ServiceNotActiveException"
    code, _ = refusal(lambda: aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE))
    assert code == "ServiceNotFoundException"
    assert aws.ecs.delete_cluster(cluster=CLUSTER)["cluster"]["status"] == "INACTIVE"
    code, _ = refusal(lambda: aws.ecs.list_services(cluster=CLUSTER))
    assert code == "ClusterNotFoundException"


def test_a_service_can_be_made_again_after_deletion(aws: Aws, vpc: Vpc) -> None:
    first = aws.deploy(vpc)
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    eventually(lambda: aws.service()["status"] == "INACTIVE")
    assert aws.create_service(vpc)["createdAt"] > first["createdAt"]
    aws.steady()


def test_an_existing_cluster_is_returned_as_it_is(aws: Aws, vpc: Vpc) -> None:
    tags = [{"key": "kept", "value": "yes"}]
    aws.ecs.create_cluster(clusterName=CLUSTER, tags=tags)
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register()
    aws.create_service(vpc)
    aws.steady()
    [cluster] = aws.ecs.describe_clusters(clusters=[CLUSTER], include=["TAGS"])["clusters"]
    assert cluster["tags"] == tags
    assert (cluster["activeServicesCount"], cluster["runningTasksCount"]) == (1, 2)


def test_services_are_listed_in_pages_of_ten(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, desiredCount=0)
    for number in range(11):
        aws.create_service(vpc, serviceName=f"service-{number}", desiredCount=0)
    first = aws.ecs.list_services(cluster=CLUSTER)
    assert len(first["serviceArns"]) == 10
    second = aws.ecs.list_services(cluster=CLUSTER, nextToken=first["nextToken"])
    assert len(set(first["serviceArns"] + second["serviceArns"])) == 12
    assert "nextToken" not in second
    code, _ = refusal(lambda: aws.ecs.list_services(cluster=CLUSTER, nextToken="nonsense"))
    assert code == "InvalidParameterException"


def test_the_missing_are_failures(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    services = aws.ecs.describe_services(cluster=CLUSTER, services=["absent"])
    assert [f["reason"] for f in services["failures"]] == ["MISSING"]
    tasks = aws.ecs.describe_tasks(cluster=CLUSTER, tasks=["0" * 32])
    assert [f["reason"] for f in tasks["failures"]] == ["MISSING"]


def test_services_carry_tags_for_the_tagging_api(aws: Aws, vpc: Vpc) -> None:
    service = aws.deploy(vpc, tags=[{"key": "owner", "value": "a"}])
    aws.ecs.tag_resource(resourceArn=service["serviceArn"], tags=[{"key": "more", "value": "b"}])
    tagging = aws.client("resourcegroupstaggingapi")
    found = tagging.get_resources(TagFilters=[{"Key": "more", "Values": ["b"]}])["ResourceTagMappingList"]
    assert [mapping["ResourceARN"] for mapping in found] == [service["serviceArn"]]
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    eventually(lambda: aws.service()["status"] == "INACTIVE")
    assert tagging.get_resources(TagFilters=[{"Key": "more"}])["ResourceTagMappingList"] == []
