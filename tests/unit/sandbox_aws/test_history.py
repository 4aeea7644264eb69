"""Service deployments and service revisions."""

from datetime import UTC, datetime, timedelta

from hack.sandbox.aws.world import Vpc

from .support import CLUSTER, IMAGE, SERVICE, Aws, Shown, awsvpc, eventually, refusal


def listed(aws: Aws, **query: object) -> list[Shown]:
    """The newest first."""
    return list(
        aws.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, **query)["serviceDeployments"]
    )


def described(aws: Aws, brief: Shown) -> Shown:
    arns = [brief["serviceDeploymentArn"]]
    [found] = aws.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    shown: Shown = found
    return shown


def revisions(aws: Aws, *arns: str) -> list[Shown]:
    return list(aws.ecs.describe_service_revisions(serviceRevisionArns=list(arns))["serviceRevisions"])


def test_each_deployment_is_recorded_from_its_source_to_its_target(aws: Aws, vpc: Vpc) -> None:
    created = aws.deploy(vpc)
    [first] = listed(aws)
    assert created["currentServiceDeployment"] == first["serviceDeploymentArn"]
    assert first["serviceDeploymentArn"].startswith(
        f"arn:aws:ecs:us-west-1:123456789012:service-deployment/{CLUSTER}/{SERVICE}/"
    )
    aws.steady()
    done = described(aws, first)
    assert done["status"] == "SUCCESSFUL"
    assert done["createdAt"] <= done["startedAt"] <= done["finishedAt"]
    assert done["sourceServiceRevisions"] == []
    assert done["deploymentCircuitBreaker"]["status"] == "DISABLED"
    aws.ecs.update_service(
        cluster=CLUSTER,
        service=SERVICE,
        networkConfiguration=awsvpc(vpc.public_subnets, [vpc.agents_group], public_ip=True),
    )
    second = listed(aws)[0]
    assert second["status"] in ("PENDING", "IN_PROGRESS")
    [source] = described(aws, second)["sourceServiceRevisions"]
    assert source["arn"] == first["targetServiceRevisionArn"]
    aws.steady()
    target = described(aws, second)["targetServiceRevision"]
    assert (target["requestedTaskCount"], target["runningTaskCount"], target["pendingTaskCount"]) == (2, 2, 0)


def test_revisions_keep_what_the_tasks_were_made_from(aws: Aws, vpc: Vpc) -> None:
    service = aws.deploy(vpc)
    aws.steady()
    new = aws.register(image="public.ecr.aws/gravitational/teleport-distroless:18.1.0")
    public = awsvpc(vpc.public_subnets, [vpc.agents_group], public_ip=True)
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=new, networkConfiguration=public)
    second, first = (brief["targetServiceRevisionArn"] for brief in listed(aws))
    older, newer = revisions(aws, first, second)
    assert older["taskDefinition"] == service["taskDefinition"]
    assert older["containerImages"] == [{"containerName": "teleport-service", "image": IMAGE}]
    assert older["networkConfiguration"] == awsvpc(vpc.private_subnets, [vpc.agents_group])
    assert (newer["taskDefinition"], newer["networkConfiguration"]) == (new, public)
    assert (newer["launchType"], newer["platformVersion"]) == ("FARGATE", "1.4.0")


def test_a_newer_deployment_stops_the_one_under_way(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=aws.register(role="absent"))
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=aws.register())
    aws.steady()
    assert [brief["status"] for brief in listed(aws)] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert "stoppedAt" in described(aws, listed(aws)[1])


def test_lists_are_filtered_and_paged(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, desiredCount=0)
    eventually(lambda: listed(aws, status=["SUCCESSFUL"]))
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)
    eventually(lambda: len(listed(aws, status=["SUCCESSFUL"])) == 2)
    assert listed(aws, status=["ROLLBACK_SUCCESSFUL"]) == []
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert listed(aws, createdAt={"after": soon}) == []
    assert len(listed(aws, createdAt={"before": soon})) == 2
    page = aws.ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE, maxResults=1)
    rest = listed(aws, maxResults=1, nextToken=page["nextToken"])
    assert page["serviceDeployments"] + rest == listed(aws)


def test_the_unknown_is_missing(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc, desiredCount=0)
    absent = f"arn:aws:ecs:us-west-1:123456789012:service-revision/{CLUSTER}/{SERVICE}/1"
    answer = aws.ecs.describe_service_revisions(serviceRevisionArns=[absent])
    assert answer["failures"] == [{"arn": absent, "reason": "MISSING"}]
    code, _ = refusal(lambda: aws.ecs.list_service_deployments(cluster=CLUSTER, service="absent"))
    assert code == "ServiceNotFoundException"


def test_changes_that_start_no_deployment_leave_no_record(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1, propagateTags="SERVICE")
    aws.steady(running=1)
    assert len(listed(aws)) == 1
