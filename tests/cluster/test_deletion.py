"""Deletion: everything of ours goes, in the reverse order of its making, and the finalizers after it."""

from collections.abc import Iterable

import pytest
import yaml
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.stack import lease_rights
from tests.cluster import inventory
from tests.cluster.journal import Entry, Journal
from tests.cluster.kubernetes_api import Namespace, condition, is_ready
from tests.cluster.scene import (
    ACCOUNT,
    ENROLLMENT,
    EVERY_SERVICE_ACCOUNT,
    INTEGRATION,
    REGION,
    Scene,
)

CLUSTER = "example_teleport_sh-teleport"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/teleport.example.com"

DATABASES = ["DeleteDatabase billing", "DeleteDatabase events", "DeleteDatabase orders"]
INTEGRATION_WRITES = [
    f"DeleteIntegration {INTEGRATION}",
    "iam:DeleteRolePolicy teleport-prod-aws/DeployService",
    "iam:DeleteRolePolicy teleport-prod-aws/ListDatabases",
    "iam:DeleteRole teleport-prod-aws",
    f"iam:DeleteOpenIDConnectProvider {PROVIDER}",
]


def deployment_writes(vpc: str) -> list[str]:
    """The service and its agents before what they need: revision, token, role, cluster."""
    role = f"TeleportDatabaseAccess-{vpc}"
    revision = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{CLUSTER}-database-service-{vpc}:1"
    return [
        f"ecs:DeleteService database-service-{vpc}",
        f"ecs:DeregisterTaskDefinition {revision}",
        f"ecs:DeleteTaskDefinitions {revision}",
        f"DeleteToken rds-enrollment-{ACCOUNT}-{REGION}-{vpc}",
        f"iam:DeleteRolePolicy {role}/{role}",
        f"iam:DeleteRole {role}",
        f"ecs:DeleteCluster {CLUSTER}",
    ]


def watched(scene: Scene) -> Journal:
    """From here on every write is noted."""
    scene.wait_idle()
    journal = Journal(scene.namespace)
    scene.aws.gate = scene.teleport.gate = journal
    return journal


def written(entries: Iterable[Entry]) -> list[str]:
    """Names in the order of writing. `db` objects go side by side: they are sorted among themselves."""
    names = [entry.name for entry in entries]
    databases = iter(sorted(name for name in names if name in DATABASES))
    return [next(databases) if name in DATABASES else name for name in names]


def owner(entry: Entry, vpc: str) -> str:
    """Kind of the object that a write of this module belongs to."""
    if entry.name in DATABASES:
        return RDS_ENROLLMENT.kind
    is_deployments = entry.name in deployment_writes(vpc)
    return DATABASE_SERVICE_DEPLOYMENT.kind if is_deployments else AWS_OIDC_INTEGRATION.kind


def test_all_at_once(scene: Scene, seeded: DemoWorld) -> None:
    journal, vpc = watched(scene), seeded.vpc.id

    scene.delete_all()
    scene.wait_gone()

    assert inventory.in_aws(scene) == []
    assert inventory.in_teleport(scene) == []
    assert inventory.tasks(scene) == []
    names = written(journal.entries)
    by_kind = {
        kind.kind: written(entry for entry in journal.entries if owner(entry, vpc) == kind.kind)
        for kind in KINDS.values()
    }
    assert by_kind == {
        RDS_ENROLLMENT.kind: DATABASES,
        DATABASE_SERVICE_DEPLOYMENT.kind: deployment_writes(vpc),
        AWS_OIDC_INTEGRATION.kind: INTEGRATION_WRITES,
    }
    # The integration is needed until the end of the others.
    assert names[-len(INTEGRATION_WRITES) :] == INTEGRATION_WRITES
    # Each write happened while the finalizer of its own object was still there.
    assert all(owner(entry, vpc) in entry.objects for entry in journal.entries)


def test_integration_waits_for_those_that_refer_to_it(scene: Scene, seeded: DemoWorld) -> None:
    journal, vpc = watched(scene), seeded.vpc.id

    scene.namespace.delete(AWS_OIDC_INTEGRATION, INTEGRATION)

    entry = scene.wait_condition(
        AWS_OIDC_INTEGRATION, INTEGRATION, "IntegrationRegistered", "False", reason="InUse"
    )
    namespace = scene.namespace.name
    assert entry["message"] == (
        f"Still referred to by DatabaseServiceDeployment {namespace}/{REGION}-{vpc}, "
        f"RdsEnrollment {namespace}/{ENROLLMENT}. Delete them first."
    )
    assert journal.entries == []

    scene.namespace.delete(RDS_ENROLLMENT, ENROLLMENT)
    scene.wait_gone()

    assert written(journal.entries) == [
        *DATABASES,
        *deployment_writes(vpc),
        *INTEGRATION_WRITES,
    ]
    assert inventory.in_aws(scene) == []
    assert inventory.in_teleport(scene) == []


@pytest.mark.slow
def test_enrollment_alone_leaves_the_integration(scene: Scene, seeded: DemoWorld) -> None:
    journal, vpc = watched(scene), seeded.vpc.id

    scene.namespace.delete(RDS_ENROLLMENT, ENROLLMENT)
    scene.wait(lambda: len(scene.namespace.objects()) == 1, "enrolment and deployment are gone")
    scene.wait_idle()

    assert written(journal.entries) == [*DATABASES, *deployment_writes(vpc)]
    assert is_ready(scene.integration)
    assert inventory.in_aws(scene) == [PROVIDER, "teleport-prod-aws"]
    assert inventory.in_teleport(scene) == [f"integration/{INTEGRATION}"]


@pytest.mark.slow
def test_a_namespace_goes_and_the_brake_holds_what_is_too_much(scene: Scene) -> None:
    """Kubernetes deletes in an order of its own. What the brake holds can still be kept by its owner."""
    elsewhere = f"{scene.namespace.name}-lease"
    with Namespace(scene.plane.admin_kubeconfig, elsewhere):
        scene.plane.apply(yaml.safe_dump_all(lease_rights(elsewhere, EVERY_SERVICE_ACCOUNT)))
        settings = {"LEASE_NAMESPACE": elsewhere, "MAX_DELETIONS_PER_HOUR": "2"}
        scene.enroll(settings={f"RDS_ENROLLMENT_{name}": value for name, value in settings.items()})
        journal = watched(scene)

        scene.namespace.remove()
        entry = scene.wait_condition(
            AWS_OIDC_INTEGRATION, INTEGRATION, "IntegrationRegistered", "False", reason="DeletionQueued"
        )
        assert "--max-deletions-per-hour" in entry["message"]
        [left] = scene.namespace.objects()
        assert condition(left, "Ready")["reason"] == "DeletionQueued"
        assert {entry.name for entry in journal.entries} & set(INTEGRATION_WRITES) == set()
        assert inventory.in_aws(scene) == [PROVIDER, "teleport-prod-aws"]

        scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": {"deletionPolicy": "Retain"}})
        scene.wait(lambda: not scene.namespace.exists, "the namespace is gone")
        assert inventory.in_aws(scene) == [PROVIDER, "teleport-prod-aws"]
        assert inventory.in_teleport(scene) == [f"integration/{INTEGRATION}"]


@pytest.mark.slow
def test_generated_deployment_comes_back(scene: Scene, seeded: DemoWorld) -> None:
    """Who deletes it alone does not want to be rid of it: its enrolment says that it is needed."""
    before = scene.deployment["metadata"]["uid"]

    scene.namespace.delete(DATABASE_SERVICE_DEPLOYMENT, f"{REGION}-{seeded.vpc.id}")

    scene.wait(
        lambda: before not in {obj["metadata"]["uid"] for obj in scene.namespace.objects()},
        "the old deployment is gone",
    )
    scene.wait_all_ready()
    assert [service["desiredCount"] for service in inventory.services(scene)] == [2]
    assert len(inventory.clusters(scene)) == 1
