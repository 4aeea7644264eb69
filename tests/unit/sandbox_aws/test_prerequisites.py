"""What an account, a cluster and a task definition must have before ECS accepts a request."""

from functools import partial

import pytest

from hack.sandbox.aws.sampler import Sampler
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc

from .support import CLUSTER, FAMILY, REGION, SERVICE, Aws, Shown, eventually, refusal

STRATEGY = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]


def create_with_strategy(aws: Aws, vpc: Vpc) -> Shown:
    request = {
        "cluster": CLUSTER,
        "serviceName": SERVICE,
        "taskDefinition": FAMILY,
        "desiredCount": 1,
        "capacityProviderStrategy": STRATEGY,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": list(vpc.private_subnets)}},
    }
    created: Shown = aws.ecs.create_service(**request)["service"]
    return created


def test_a_strategy_needs_its_provider_on_the_cluster(aws: Aws, vpc: Vpc) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register()
    code, message = refusal(lambda: create_with_strategy(aws, vpc))
    assert code == "InvalidParameterException"
    assert "cannot contain a capacity provider that is not associated with the cluster" in message
    put = partial(aws.ecs.put_cluster_capacity_providers, cluster=CLUSTER)
    put(capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=STRATEGY)
    created = create_with_strategy(aws, vpc)
    assert created["capacityProviderStrategy"] == STRATEGY
    assert "launchType" not in created
    code, _ = refusal(lambda: put(capacityProviders=[], defaultCapacityProviderStrategy=[]))
    assert code == "ResourceInUseException"
    aws.steady(running=1)


def test_a_launch_type_needs_no_provider_and_excludes_a_strategy(aws: Aws, vpc: Vpc) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register()
    code, message = refusal(lambda: aws.create_service(vpc, capacityProviderStrategy=STRATEGY))
    assert code == "InvalidParameterException"
    assert message.startswith("Specifying both a launch type and capacity provider strategy")
    assert aws.create_service(vpc)["launchType"] == "FARGATE"


def test_the_first_use_of_ecs_can_come_before_its_linked_role(sandbox: AwsSandbox, aws: Aws) -> None:
    sandbox.service_linked_role.refusals = 2
    create = partial(aws.ecs.create_cluster, clusterName=CLUSTER)
    for _ in range(2):
        code, message = refusal(create)
        assert code == "InvalidParameterException"
        assert "verify that the ECS service linked role exists" in message
    assert create()["cluster"]["status"] == "ACTIVE"


def test_a_linked_role_that_was_made_ends_the_refusals(sandbox: AwsSandbox, aws: Aws) -> None:
    sandbox.service_linked_role.refusals = 100
    refusal(lambda: aws.ecs.create_cluster(clusterName=CLUSTER))
    aws.iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    assert aws.ecs.create_cluster(clusterName=CLUSTER)["cluster"]["status"] == "ACTIVE"


def register_size(aws: Aws, cpu: str, memory: str) -> Shown:
    registered: Shown = aws.ecs.register_task_definition(
        family=FAMILY,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu=cpu,
        memory=memory,
        containerDefinitions=[{"name": "a", "image": "b"}],
    )["taskDefinition"]
    return registered


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("256", "512"), ("256", "512")),
        (("1 vCPU", "2 GB"), ("1024", "2048")),
        ((".25 vCPU", "0.5GB"), ("256", "512")),
        (("16384", "122880"), ("16384", "122880")),
    ],
)
def test_fargate_sizes_are_kept_as_numbers(aws: Aws, given: tuple[str, str], kept: tuple[str, str]) -> None:
    definition = register_size(aws, *given)
    assert (definition["cpu"], definition["memory"]) == kept


@pytest.mark.parametrize(
    "given", [("256", "4096"), ("512", "512"), ("2048", "3072"), ("8192", "17408"), ("300", "512")]
)
def test_other_sizes_are_refused(aws: Aws, given: tuple[str, str]) -> None:
    code, message = refusal(lambda: register_size(aws, *given))
    assert (code, message) == ("ClientException", "No Fargate configuration exists for given values.")


def test_a_log_group_deleted_by_hand_stops_the_next_task(aws: Aws, vpc: Vpc) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="agents")
    options = {"awslogs-group": "agents", "awslogs-region": REGION, "awslogs-stream-prefix": "p"}
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role()
    aws.register(logConfiguration={"logDriver": "awslogs", "options": options})
    aws.create_service(vpc)
    aws.steady()
    logs.delete_log_group(logGroupName="agents")
    victim, survivor = (task["taskArn"] for task in aws.tasks())
    aws.ecs.stop_task(cluster=CLUSTER, task=victim)

    def failed() -> Shown | None:
        return next((t for t in aws.tasks("STOPPED") if t["stopCode"] == "TaskFailedToStart"), None)

    reason = eventually(failed)["stoppedReason"]
    assert reason.startswith("ResourceInitializationError: failed to validate logger args")
    assert "The specified log group does not exist." in reason
    assert survivor in {task["taskArn"] for task in aws.tasks()}


def test_rebalancing_is_on_unless_told_otherwise_and_kept_by_updates(aws: Aws, vpc: Vpc) -> None:
    assert aws.deploy(vpc, desiredCount=0)["availabilityZoneRebalancing"] == "ENABLED"
    update = partial(aws.ecs.update_service, cluster=CLUSTER, service=SERVICE)
    assert update(availabilityZoneRebalancing="DISABLED")["service"]["deployments"][0]["status"] == "PRIMARY"
    assert update(desiredCount=0)["service"]["availabilityZoneRebalancing"] == "DISABLED"


def test_percentages_that_allow_no_step_are_told(aws: Aws, vpc: Vpc, sandbox: AwsSandbox) -> None:
    stiff = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    aws.deploy(vpc, deploymentConfiguration=stiff)
    aws.steady()
    with Sampler(sandbox, SERVICE) as sampler:
        aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
        text = "was unable to stop or start tasks during a deployment because of the service deployment configuration"
        eventually(lambda: any(text in event["message"] for event in aws.service()["events"]))
    assert (sampler.running.minimum, sampler.running.maximum) == (2, 2)
    assert sum(text in event["message"] for event in aws.service()["events"]) == 1


def test_scale_in_takes_from_the_fullest_zone(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, desiredCount=4)
    aws.steady(running=4)
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=2)
    aws.steady(running=2)
    assert len({task["availabilityZone"] for task in aws.tasks()}) == 2


def test_a_sampler_needs_a_source_of_connections(sandbox: AwsSandbox) -> None:
    with Sampler(sandbox, SERVICE) as sampler:
        assert sampler.running.maximum == 0
    with pytest.raises(RuntimeError, match="nothing has been sampled"):
        _ = sampler.connected
