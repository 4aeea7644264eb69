"""One deployment for each VPC with databases: what differs from VPC to VPC, what is there already, what empties."""

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.world import Vpc
from tests.cluster import inventory
from tests.cluster.kubernetes_api import Namespace, Object, is_ready
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene, example

pytestmark = pytest.mark.slow

HANDMADE = "somebody-elses"


def seeded_vpc(scene: Scene, name: str, cidr: str) -> Vpc:
    vpc = scene.world.seed_vpc(REGION, name, cidr=cidr, agents_tags={"role": "teleport-agents"})
    scene.world.seed_instance(vpc, f"of-{name}")
    return vpc


def handmade(scene: Scene, vpc: Vpc) -> Object:
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": DATABASE_SERVICE_DEPLOYMENT.kind,
        "metadata": {"name": HANDMADE},
        "spec": {
            "integrationRef": {"name": INTEGRATION, "namespace": scene.namespace.name},
            "region": REGION,
            "vpcId": vpc.id,
            "subnets": {"ids": list(vpc.private_subnets)},
            "securityGroups": {"ids": [vpc.agents_group]},
        },
    }


def create_all(scene: Scene, tenant: Namespace, small: Vpc, taken: Vpc) -> None:
    """Five objects, Ready: the enrolment's deployments are two, and the third is the tenant's."""
    integration = example(10)
    integration["spec"]["allowedNamespaces"] = {"from": "All"}
    scene.namespace.create(integration)
    tenant.create(handmade(scene, taken))
    scene.wait(lambda: all(map(is_ready, tenant.objects())), "the hand-made deployment is Ready")
    enrollment = example(20)
    override = {"vpcId": small.id, "replicas": 1, "subnets": {"ids": [small.public_subnets[0]]}}
    enrollment["spec"]["deployment"] |= {"perVpc": [override], "emptyVpcGracePeriod": "1h"}
    scene.namespace.create(enrollment)
    scene.wait_all_ready(4)
    scene.wait_idle()


def deployments(scene: Scene) -> set[str]:
    return {item["metadata"]["name"] for item in scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)}


def services(scene: Scene) -> dict[str, tuple[int, list[str]]]:
    """Wanted tasks and their subnets, by name."""
    return {
        item["serviceName"]: (
            item["desiredCount"],
            sorted(item["networkConfiguration"]["awsvpcConfiguration"]["subnets"]),
        )
        for item in inventory.services(scene)
    }


def seen(scene: Scene, vpc: Vpc) -> Object:
    """What the enrolment's status says of a VPC."""
    found: Object = next(item for item in scene.enrollment["status"]["vpcs"] if item["vpcId"] == vpc.id)
    return found


def test_each_vpc_has_the_deployment_that_it_should(scene: Scene) -> None:
    plain, small, taken = (
        seeded_vpc(scene, name, f"10.{number}.0.0/16")
        for number, name in enumerate(("plain", "small", "taken"))
    )
    with scene.tenant() as tenant:
        scene.start(RDS_ENROLLMENT_WATCH_NAMESPACES=f"{scene.namespace.name},{tenant.name}")
        create_all(scene, tenant, small, taken)
        elsewhere = tenant.get(DATABASE_SERVICE_DEPLOYMENT, HANDMADE)["metadata"]

        # What differs in one VPC differs there alone; the hand-made deployment, of another namespace, serves the third.
        both = {f"{REGION}-{plain.id}", f"{REGION}-{small.id}"}
        assert deployments(scene) == both
        assert services(scene) == {
            f"database-service-{plain.id}": (2, sorted(plain.private_subnets)),
            f"database-service-{small.id}": (1, [small.public_subnets[0]]),
            f"database-service-{taken.id}": (2, sorted(taken.private_subnets)),
        }
        assert seen(scene, taken)["deployment"] == HANDMADE
        assert "ownerReferences" not in elsewhere

        # A VPC loses its last database: its deployment stays for the grace period, untouched.
        scene.client("rds").delete_db_instance(DBInstanceIdentifier="of-small", SkipFinalSnapshot=True)
        scene.aws.calls.clear()
        assert is_ready(scene.reconcile(scene.enrollment))
        assert seen(scene, small)["databases"] == 0
        assert "emptySince" in seen(scene, small)
        assert deployments(scene) == both
        assert scene.aws.calls.writes == []

        # A database is back in time: nothing ever happened.
        scene.world.seed_instance(small, "back")
        scene.reconcile(scene.enrollment)
        assert "emptySince" not in seen(scene, small)
        assert scene.aws.calls.writes == []

        # The grace period is over: the deployment goes by itself, and what is not the enrolment's stays.
        scene.client("rds").delete_db_instance(DBInstanceIdentifier="back", SkipFinalSnapshot=True)
        shorter = {"spec": {"deployment": {"emptyVpcGracePeriod": "2s"}}}
        scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, shorter)
        scene.wait(
            lambda: deployments(scene) == {f"{REGION}-{plain.id}"}, "the emptied VPC's deployment is gone"
        )
        kept = {f"database-service-{vpc.id}" for vpc in (plain, taken)}
        assert services(scene).keys() == kept
        scene.wait_all_ready(3)
        assert (
            tenant.get(DATABASE_SERVICE_DEPLOYMENT, HANDMADE)["metadata"]["generation"]
            == elsewhere["generation"]
        )
