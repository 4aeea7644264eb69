"""`rds-enrollment export` of what the wizard made, applied: the operator looks after it, and no task is replaced."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from rds_enrollment.api.agents import AgentSpec, LogLevel, Logs
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.plan.agent_config import CONFIG_FLAG, decoded
from rds_enrollment.plan.observed.teleport import Database, JoinRule, JoinToken, RdsMetadata
from rds_enrollment.plan.policies import task_policy
from rds_enrollment.plan.task_definition import AgentTask, register_body
from rds_enrollment.teleport.databases_wire import new_database
from rds_enrollment.teleport.tokens_wire import new_token

from hack.sandbox.aws.world import Vpc
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION, Scene
from tests.cluster.test_foreign import ECS_CLUSTER, TASKS_TRUST, TELEPORT_TAGS, make_trust

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
ROLE, TOKEN = "TeleportDatabaseAccess", "discover-aws-oidc-iam-token"
TAGS = [{"key": key, "value": value} for key, value in TELEPORT_TAGS.items()]


def make_role(scene: Scene) -> None:
    """The task role that the wizard shares, without tags as older ones have it."""
    iam = scene.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TASKS_TRUST)
    iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=json.dumps(task_policy()))


def make_token(scene: Scene) -> None:
    rules = frozenset(
        {
            JoinRule(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),
            JoinRule("210987654321", f"arn:aws:sts::210987654321:assumed-role/{ROLE}/*"),
        }
    )
    scene.teleport.resources.tokens.put(new_token(JoinToken(TOKEN, "iam", frozenset({"Db"}), rules)))


def make_database(scene: Scene, vpc: Vpc) -> None:
    [orders] = scene.client("rds").describe_db_instances(DBInstanceIdentifier="orders")["DBInstances"]
    labels = {"account-id": ACCOUNT, "region": REGION, "vpc-id": vpc.id, "teleport.dev/origin": "dynamic"}
    uri = f"{orders['Endpoint']['Address']}:{orders['Endpoint']['Port']}"
    rds = RdsMetadata(instance_id="orders", resource_id=orders["DbiResourceId"], vpc_id=vpc.id)
    database = Database("orders", "", labels, "postgres", uri, REGION, ACCOUNT, rds)
    scene.teleport.resources.databases.put(new_database(database))


def wizards_command(command: list[str]) -> list[str]:
    """With what Teleport's generator leaves in from its sample configuration."""
    config: Any = decoded(command)
    config["teleport"] |= {"ca_pin": "", "diag_addr": "", "nodename": ""}
    config["teleport"]["log"]["severity"] = "debug"
    config["auth_service"]["proxy_listener_mode"] = "multiplex"
    config["proxy_service"] |= {"https_keypairs": [], "acme": {}}
    text = base64.b64encode(yaml.safe_dump(config).encode()).decode()
    return [*command[: command.index(CONFIG_FLAG)], CONFIG_FLAG, text]


def make_service(scene: Scene, vpc: Vpc) -> None:
    ecs = scene.client("ecs")
    ecs.create_cluster(clusterName=ECS_CLUSTER, capacityProviders=["FARGATE"], tags=TAGS)
    body = register_body(
        AgentTask(
            partition="aws",
            account=ACCOUNT,
            region=REGION,
            vpc_id=vpc.id,
            teleport_cluster="example.teleport.sh",
            proxy_address=scene.teleport.proxy_address,
            version=scene.teleport.version,
            enterprise=False,
            task_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            join_token=TOKEN,
            agents=AgentSpec(logs=Logs(level=LogLevel.DEBUG)),
        )
    )
    [container] = body["containerDefinitions"]
    container["command"] = wizards_command(container["command"])
    container.pop("healthCheck", None)
    registered = ecs.register_task_definition(**body, tags=TAGS)["taskDefinition"]["taskDefinitionArn"]
    network = {
        "subnets": list(vpc.private_subnets),
        "securityGroups": [vpc.agents_group],
        "assignPublicIp": "ENABLED",
    }
    ecs.create_service(
        cluster=ECS_CLUSTER,
        serviceName=f"database-service-{vpc.id}",
        desiredCount=2,
        launchType="FARGATE",
        taskDefinition=registered,
        networkConfiguration={"awsvpcConfiguration": network},
        propagateTags="SERVICE",
        tags=TAGS,
    )


def export(scene: Scene) -> "subprocess.CompletedProcess[str]":
    """One run, which is told nothing of the API server."""
    environment = {
        name: value for name, value in scene.operator.environment.items() if not name.startswith("KUBE")
    }
    return subprocess.run(
        [str(PROGRAM), "export", f"--region={REGION}", f"--namespace={scene.namespace.name}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def tasks(scene: Scene) -> set[str]:
    return {task.task_arn for task in scene.aws.running_tasks()}


def test_what_the_wizard_made_is_adopted_as_it_runs(scene: Scene) -> None:
    scene.teleport.version = "18.7.0"
    vpc = scene.world.demo_world(REGION).vpc
    make_trust(scene)
    make_role(scene)
    make_token(scene)
    make_database(scene, vpc)
    make_service(scene, vpc)
    scene.wait(
        lambda: len(scene.teleport.resources.database_services.list()) == 2, "the wizard's agents joined"
    )
    running, [definition] = tasks(scene), inventory.task_definitions(scene)

    done = export(scene)
    assert done.returncode == 0, done.stderr
    manifests = list(yaml.safe_load_all(done.stdout))
    assert [item["kind"] for item in manifests] == [
        "AwsOidcIntegration",
        "RdsEnrollment",
        "DatabaseServiceDeployment",
    ]
    assert manifests[1]["spec"]["databases"] == {
        "identifiers": [{"kind": "Instance", "name": "orders", "region": REGION}]
    }
    assert f"{TOKEN} may go once no service uses it" in done.stdout
    assert (scene.aws.calls.writes, scene.teleport.writes) == ([], [])

    for item in manifests:
        scene.namespace.create(item)
    scene.start()
    scene.wait_all_ready()
    scene.wait_idle()
    assert tasks(scene) == running
    assert inventory.task_definitions(scene) == [definition]
    assert "ecs:RegisterTaskDefinition" not in {call.operation for call in scene.aws.calls.writes}
    assert TOKEN in condition(scene.deployment, "JoinTokenReady")["message"]
    assert inventory.in_teleport(scene) == ["db/orders", f"integration/{INTEGRATION}", f"token/{TOKEN}"]
    assert "rds-enrollment.dev/owner" in {
        tag["key"] for service in inventory.services(scene) for tag in service["tags"]
    }
    # Whoever exports again is told that somebody looks after it.
    assert export(scene).returncode == 1

    # A token and a role of its own take over; the wizard's, which others may use, stay as they are.
    own = {"spec": {"joinToken": None, "taskRole": None}}
    scene.namespace.patch(DATABASE_SERVICE_DEPLOYMENT, scene.deployment["metadata"]["name"], own)
    scene.wait(lambda: not tasks(scene) & running, "the tasks were replaced")
    scene.wait_all_ready()
    kept = scene.teleport.resources.tokens.get(TOKEN)
    assert len(kept.Spec.Allow) == 2
    assert ROLE in inventory.roles(scene)
