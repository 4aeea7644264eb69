"""`rds-enrollment export` of what the wizard made, applied: the operator looks after it, and no task is replaced."""

import subprocess
import sys
from pathlib import Path

import yaml
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.permitted import ADMINISTRATOR
from tests.cluster.scene import INTEGRATION, REGION, Scene
from tests.cluster.wizard import ROLE, TOKEN, make_database, make_role, make_service, make_token, make_trust

PROGRAM = Path(sys.executable).with_name("rds-enrollment")


def export(scene: Scene) -> "subprocess.CompletedProcess[str]":
    """One run by somebody with rights of their own, which is told nothing of the API server."""
    environment = {
        name: value for name, value in scene.operator.environment.items() if not name.startswith("KUBE")
    }
    environment["AWS_ACCESS_KEY_ID"] = ADMINISTRATOR
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
