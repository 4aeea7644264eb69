"""Task definitions: kept as registered, never numbered twice, deleted in two steps."""

from hack.sandbox.aws.world import Vpc

from .support import CLUSTER, FAMILY, IMAGE, SERVICE, Aws, Shown, eventually, refusal


def listed(aws: Aws, **query: object) -> list[str]:
    arns = aws.ecs.list_task_definitions(familyPrefix=FAMILY, **query)["taskDefinitionArns"]
    return [arn.rsplit("/", 1)[-1] for arn in arns]


def described(aws: Aws, reference: str) -> Shown:
    found: Shown = aws.ecs.describe_task_definition(taskDefinition=reference)["taskDefinition"]
    return found


def test_what_was_registered_is_described(aws: Aws) -> None:
    arn = aws.register()
    definition = described(aws, FAMILY)
    assert definition["taskDefinitionArn"] == arn
    assert definition["containerDefinitions"][0]["image"] == IMAGE
    assert definition["registeredAt"].tzinfo is not None
    assert (definition["cpu"], definition["memory"], definition["networkMode"]) == ("2048", "4096", "awsvpc")


def test_a_family_means_its_latest_active_revision(aws: Aws) -> None:
    aws.register()
    second = aws.register()
    aws.ecs.deregister_task_definition(taskDefinition=second)
    assert described(aws, FAMILY)["revision"] == 1
    assert described(aws, second)["status"] == "INACTIVE"
    assert listed(aws) == [f"{FAMILY}:1"]
    assert listed(aws, status="INACTIVE") == [f"{FAMILY}:2"]


def test_deletion_passes_through_in_progress_and_frees_no_number(aws: Aws) -> None:
    arn = aws.register()
    [failure] = aws.ecs.delete_task_definitions(taskDefinitions=[arn])["failures"]
    assert "ACTIVE" in failure["reason"]
    aws.ecs.deregister_task_definition(taskDefinition=arn)
    [deleted] = aws.ecs.delete_task_definitions(taskDefinitions=[arn])["taskDefinitions"]
    assert deleted["status"] == "DELETE_IN_PROGRESS"

    def gone() -> bool:
        return not listed(aws, status="DELETE_IN_PROGRESS")

    eventually(gone)
    code, _ = refusal(lambda: described(aws, arn))
    assert code == "ClientException"
    assert aws.register().endswith(f"{FAMILY}:2")


def test_a_definition_in_use_is_not_gone(aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    arn = aws.steady()["taskDefinition"]
    aws.ecs.deregister_task_definition(taskDefinition=arn)
    aws.ecs.delete_task_definitions(taskDefinitions=[arn])
    aws.ecs.stop_task(cluster=CLUSTER, task=aws.tasks()[0]["taskArn"])
    aws.steady()
    assert described(aws, arn)["status"] == "DELETE_IN_PROGRESS"
    code, _ = refusal(lambda: aws.create_service(vpc, serviceName="second", taskDefinition=arn))
    assert code == "ClientException"
    aws.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    eventually(lambda: not listed(aws, status="DELETE_IN_PROGRESS"))


def test_lists_come_in_pages_in_order_of_revision(aws: Aws) -> None:
    for _ in range(11):
        aws.register()
    assert listed(aws, sort="DESC", maxResults=2) == [f"{FAMILY}:11", f"{FAMILY}:10"]
    paginator = aws.ecs.get_paginator("list_task_definitions")
    pages = paginator.paginate(familyPrefix=FAMILY, PaginationConfig={"PageSize": 4})
    revisions = [int(arn.rsplit(":", 1)[-1]) for page in pages for arn in page["taskDefinitionArns"]]
    assert revisions == list(range(1, 12))


def test_families_are_listed_by_status(aws: Aws) -> None:
    aws.register()
    other = aws.register(family="agents-old")
    aws.ecs.deregister_task_definition(taskDefinition=other)
    families = aws.ecs.list_task_definition_families
    assert families(familyPrefix="agents")["families"] == ["agents", "agents-old"]
    assert families(familyPrefix="agents", status="ACTIVE")["families"] == ["agents"]
    assert families(status="INACTIVE")["families"] == ["agents-old"]
