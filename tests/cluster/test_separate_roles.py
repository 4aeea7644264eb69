"""Task role and execution role of a deployment that runs: a change never leaves a task without what it needs."""

import json
from typing import Any

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene

pytestmark = pytest.mark.slow

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
AGENTS, STARTERS = "agents", "starters"
OBSERVED = {"name": STARTERS, "managementPolicy": "Observe"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def change(scene: Scene, seeded: DemoWorld, **roles: dict[str, Any]) -> None:
    override = {"vpcId": seeded.vpc.id, **roles}
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"deployment": {"perVpc": [override]}}})

    def told() -> bool:
        spec = scene.deployment["spec"]
        return ("taskRole" in spec, "executionRole" in spec) == (
            "taskRole" in roles,
            "executionRole" in roles,
        )

    scene.wait(told, "the deployment is told")


def observing(scene: Scene, **roles: dict[str, Any]) -> dict[str, Any]:
    """A deployment in a VPC that is not there: it gets as far as its roles."""
    spec = {
        "integrationRef": {"name": INTEGRATION},
        "region": REGION,
        "vpcId": "vpc-0123456789abcdef0",
        "subnets": {"ids": ["subnet-0123456789abcdef0"]},
        "securityGroups": {"ids": ["sg-0123456789abcdef0"]},
        **roles,
    }
    metadata = {"name": "other", "namespace": scene.namespace.name}
    kind = DATABASE_SERVICE_DEPLOYMENT.kind
    return {"apiVersion": "rds-enrollment.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def roles_in_use(scene: Scene) -> tuple[str, str]:
    (service,) = inventory.services(scene)
    found = scene.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return found["taskDefinition"]["taskRoleArn"], found["taskDefinition"]["executionRoleArn"]


def allowed(scene: Scene, role: str) -> set[str]:
    """Actions of its inline policies."""
    statements = [item for policy in inventory.policies(scene, role).values() for item in policy["Statement"]]
    actions = ([item["Action"]] if isinstance(item["Action"], str) else item["Action"] for item in statements)
    return {action for found in actions for action in found}


def writes_of_deployment(scene: Scene) -> list[tuple[str, str]]:
    """Operation and target of each write, without the integration's policy: another object's, at any moment."""
    calls = ((call.operation, call.target) for call in scene.aws.calls.writes)
    return [call for call in calls if call[1] != "teleport-prod-aws/DeployService"]


def test_roles_are_separated_while_tasks_run(scene: Scene, seeded: DemoWorld) -> None:
    iam, name = scene.client("iam"), scene.deployment["metadata"]["name"]
    one = f"TeleportDatabaseAccess-{seeded.vpc.id}"
    before = roles_in_use(scene)
    scene.aws.calls.clear()

    # The new task role is made; nothing moves before the observed execution role will do.
    change(scene, seeded, taskRole={"name": AGENTS, "path": "/teams/data/"}, executionRole=OBSERVED)
    scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "RoleReady", "False", "RoleNotFound")
    iam.create_role(RoleName=STARTERS, Path="/platform/", AssumeRolePolicyDocument=document(TRUST))
    scene.reconcile(scene.deployment)
    lacks = condition(scene.deployment, "RoleReady")
    assert lacks["reason"] == "RoleLacksPermissions"
    assert (
        f"logs:CreateLogStream on arn:aws:logs:{seeded.vpc.region}:{ACCOUNT}:log-group:" in lacks["message"]
    )
    assert roles_in_use(scene) == before
    assert len(scene.aws.running_tasks()) == 2
    assert inventory.roles(scene).keys() >= {one, AGENTS, STARTERS}

    given = lacks["message"].partition("add the policy ")[2].removesuffix(".")
    iam.put_role_policy(RoleName=STARTERS, PolicyName="logs", PolicyDocument=given)
    scene.reconcile(scene.deployment)
    scene.wait(lambda: one not in inventory.roles(scene), "the former role is gone")
    scene.wait_all_ready()
    arns = (
        f"arn:aws:iam::{ACCOUNT}:role/teams/data/{AGENTS}",
        f"arn:aws:iam::{ACCOUNT}:role/platform/{STARTERS}",
    )
    status = scene.deployment["status"]
    assert roles_in_use(scene) == arns == (status["taskRoleArn"], status["executionRoleArn"])
    assert "formerRoleArns" not in status
    assert allowed(scene, AGENTS) == {"rds-db:connect", "rds:DescribeDBInstances", "rds:DescribeDBClusters"}
    assert [operation for operation, _ in writes_of_deployment(scene)] == [
        "iam:CreateRole",
        "iam:PutRolePolicy",
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
    ]
    (token,) = scene.teleport.resources.tokens.list()
    assert [rule.AWSARN for rule in token.Spec.Allow] == [f"arn:aws:sts::{ACCOUNT}:assumed-role/{AGENTS}/*"]
    scene.reconcile(scene.integration)
    passed = inventory.policies(scene, "teleport-prod-aws")["DeployService"]["Statement"][0]["Resource"]
    assert set(arns) <= set(passed)

    # Back to one role: it may start tasks before the task definition asks it to.
    change(scene, seeded, taskRole={"name": AGENTS, "path": "/teams/data/"})
    scene.wait(lambda: roles_in_use(scene) == (arns[0], arns[0]), "the task role starts the tasks")
    assert "logs:CreateLogStream" in allowed(scene, AGENTS)
    scene.wait_all_ready()

    # And apart again, both ours: the task role keeps its rights until the rollout is over.
    change(scene, seeded, taskRole={"name": AGENTS, "path": "/teams/data/"}, executionRole={"name": "ours"})
    scene.wait(lambda: "logs:CreateLogStream" not in allowed(scene, AGENTS), "the task role starts no tasks")
    scene.wait_all_ready()
    order = writes_of_deployment(scene)[-4:]
    assert order[0] == ("iam:PutRolePolicy", "ours/ours")
    assert [operation for operation, _ in order[1:3]] == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]
    assert order[3] == ("iam:PutRolePolicy", f"{AGENTS}/{AGENTS}")

    stays_while_another_observes(scene, arns[0])
    scene.delete_all()
    scene.wait_gone()
    assert inventory.roles(scene).keys() == {STARTERS}


def stays_while_another_observes(scene: Scene, role: str) -> None:
    """What another deployment runs with outlives the one that made it."""
    name = scene.deployment["metadata"]["name"]
    scene.namespace.create(observing(scene, taskRole={"name": AGENTS, "managementPolicy": "Observe"}))

    def seen() -> bool:
        found = scene.namespace.get(DATABASE_SERVICE_DEPLOYMENT, "other")
        return bool(found.get("status", {}).get("taskRoleArn") == role)

    scene.wait(seen, "the role is observed")
    scene.namespace.delete(RDS_ENROLLMENT, ENROLLMENT)
    used = scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "RoleReady", "False", "InUse")
    assert f"{role} (observed by {scene.namespace.name}/other) stays" in used["message"]
    assert inventory.services(scene) == []
    assert AGENTS in inventory.roles(scene)
