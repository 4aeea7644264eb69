"""Several accounts, regions and namespaces from one operator, and nobody borrows another's role."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.pod_identity import ACCESS_KEY, pod_identity_agent
from hack.sandbox.aws.world import World
from tests.cluster.kubernetes_api import Namespace, Object, condition, is_ready
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION, Scene, example

OTHER, THIRD = "222222222222", "333333333333"
FAR = "eu-central-1"


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/rds-enrollment"


@pytest.fixture
def tenant(scene: Scene) -> Iterator[Namespace]:
    """A second namespace that the operator serves."""
    with scene.tenant() as namespace:
        yield namespace


@pytest.fixture
def pod_identity(scene: Scene) -> Iterator[dict[str, str]]:
    """Variables of an operator that has no keys: an agent lends it some."""
    with pod_identity_agent(scene.folder) as lent:
        yield {**lent, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


@pytest.fixture
def service_account(scene: Scene) -> dict[str, str]:
    """Variables of an operator with an IAM role for its service account (IRSA) and no keys."""
    token = scene.folder / "service-account-token"
    token.write_text("of-the-service-account")
    return {
        "AWS_ROLE_ARN": role(ACCOUNT),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
    }


def start(scene: Scene, tenant: Namespace, **credentials: str) -> None:
    """With roles of the other account for the scene's namespace alone."""
    grants = scene.folder / "roles.yaml"
    allowed = [{"arn": role(OTHER), "externalId": "sesame"}, {"arn": role(THIRD)}]
    labels = {"kubernetes.io/metadata.name": scene.namespace.name}
    grants.write_text(yaml.safe_dump([{"namespaces": {"matchLabels": labels}, "roles": allowed}]))
    scene.start(
        RDS_ENROLLMENT_ASSUME_ROLES=str(grants),
        RDS_ENROLLMENT_WATCH_NAMESPACES=f"{scene.namespace.name},{tenant.name}",
        **credentials,
    )


def integration(name: str, account: str, **spec: Any) -> Object:
    document = example(10)
    document["metadata"]["name"] = name
    document["spec"] = {"accountId": account, "role": {"name": f"teleport-{name}"}, **spec}
    return document


def enrollment(name: str, reference: Object, *regions: str) -> Object:
    document = example(20)
    document["metadata"]["name"] = name
    document["spec"] |= {"integrationRef": reference, "regions": list(regions)}
    return document


def services(world: World, region: str) -> list[str]:
    """Service ARNs of the operator's ECS cluster, as far as it exists."""
    ecs = world.client("ecs", region)
    return [
        arn
        for cluster in ecs.list_clusters()["clusterArns"]
        for arn in ecs.list_services(cluster=cluster)["serviceArns"]
    ]


@pytest.mark.slow
def test_two_accounts_two_regions_two_namespaces(scene: Scene, tenant: Namespace) -> None:
    own, other = scene.world, World(scene.aws.url, OTHER)
    own.demo_world(REGION)
    vpc = other.seed_vpc(
        FAR, "far", private_tags={"tier": "private"}, agents_tags={"role": "teleport-agents"}
    )
    other.seed_instance(vpc, "far-orders")
    start(scene, tenant)
    selector = {"matchLabels": {"kubernetes.io/metadata.name": tenant.name}}
    scene.namespace.create(integration(INTEGRATION, ACCOUNT))
    scene.namespace.create(
        integration(
            "other",
            OTHER,
            assumeRoleArn=role(OTHER),
            allowedNamespaces={"from": "Selector", "selector": selector},
        )
    )
    scene.namespace.create(enrollment("own", {"name": INTEGRATION}, REGION))
    tenant.create(enrollment("far", {"name": "other", "namespace": scene.namespace.name}, FAR, "us-west-2"))
    scene.wait(
        lambda: (
            all(map(is_ready, [*scene.namespace.objects(), *tenant.objects()]))
            and len(tenant.objects()) == 2
            and len(scene.namespace.objects()) == 4
        ),
        "six objects in two namespaces are Ready",
    )

    (near,), (far,) = services(own, REGION), services(other, FAR)
    assert near.split(":")[3:5] == [REGION, ACCOUNT]
    assert far.split(":")[3:5] == [FAR, OTHER]
    assert services(own, FAR) == services(other, REGION) == []
    databases = {item.Metadata.Name: item for item in scene.teleport.resources.databases.list()}
    assert databases["far-orders"].Spec.AWS.AccountID == OTHER
    accounts = {call.account for call in scene.aws.calls.writes}
    assert accounts == {ACCOUNT, OTHER}
    (deployment,) = tenant.all(DATABASE_SERVICE_DEPLOYMENT)
    assert deployment["spec"]["integrationRef"] == {"name": "other", "namespace": scene.namespace.name}

    # The integration waits for who refers to it from another namespace.
    scene.namespace.delete(AWS_OIDC_INTEGRATION, "other")
    entry = scene.wait_condition(AWS_OIDC_INTEGRATION, "other", "IntegrationRegistered", "False", "InUse")
    assert f"RdsEnrollment {tenant.name}/far" in entry["message"]
    tenant.delete(RDS_ENROLLMENT, "far")
    scene.wait(lambda: not tenant.objects() and len(scene.namespace.objects()) == 3, "the other is gone")
    assert other.client("iam", FAR).list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert other.client("ecs", FAR).list_clusters()["clusterArns"] == []
    assert all(map(is_ready, scene.namespace.objects()))


def enrolled(scene: Scene) -> dict[str, str]:
    """Account ids of the databases in Teleport, by name."""
    listed = scene.teleport.resources.databases.list()
    return {item.Metadata.Name: item.Spec.AWS.AccountID for item in listed}


@pytest.mark.slow
def test_two_databases_of_one_name_in_two_accounts(
    scene: Scene, tenant: Namespace, service_account: dict[str, str]
) -> None:
    other = World(scene.aws.url, OTHER)
    scene.world.seed_instance(scene.world.seed_vpc(REGION, "own"), "orders")
    there = other.seed_instance(other.seed_vpc(REGION, "other"), "orders")
    start(scene, tenant, **service_account)
    scene.namespace.create(integration(INTEGRATION, ACCOUNT))
    scene.namespace.create(integration("other", OTHER, assumeRoleArn=role(OTHER)))
    for name, reference in (("own", INTEGRATION), ("second", "other")):
        document = enrollment(name, {"name": reference}, REGION)
        del document["spec"]["deployment"]
        scene.namespace.create(document)
        scene.wait(lambda: "orders" in enrolled(scene), "the first one is enrolled")

    # The one already there keeps the name, after a restart, too; the other is told the name that would solve it.
    scene.wait_condition(RDS_ENROLLMENT, "second", "DatabasesEnrolled", "False", "NameTaken")
    assert scene.operator.stop() == 0
    start(scene, tenant, **service_account)
    second = scene.reconcile(scene.namespace.get(RDS_ENROLLMENT, "second"))
    advised = f"orders-rds-{REGION}-{OTHER}"
    assert enrolled(scene) == {"orders": ACCOUNT}
    assert f"TeleportDatabaseName={advised}" in condition(second, "DatabasesEnrolled")["message"]
    assert is_ready(scene.namespace.get(RDS_ENROLLMENT, "own"))

    other.client("rds", REGION).add_tags_to_resource(
        ResourceName=there.arn, Tags=[{"Key": "TeleportDatabaseName", "Value": advised}]
    )
    assert is_ready(scene.reconcile(second))
    assert enrolled(scene) == {"orders": ACCOUNT, advised: OTHER}
    assert "sts:AssumeRoleWithWebIdentity" in scene.aws.calls.operations


def test_nobody_borrows_a_role_or_an_integration(
    scene: Scene, tenant: Namespace, pod_identity: dict[str, str]
) -> None:
    keys: set[str] = set()
    scene.aws.refuse = lambda request, _: keys.add(request.access_key)
    start(scene, tenant, **pod_identity)
    scene.namespace.create(integration("closed", ACCOUNT))
    scene.namespace.create(integration("third", THIRD, assumeRoleArn=role(THIRD)))
    scene.wait_all_ready(2)
    scene.wait_idle()
    scene.aws.calls.clear()

    tenant.create(integration("greedy", OTHER, assumeRoleArn=role(OTHER)))
    tenant.create(integration("lost", OTHER))
    reference = {"name": "closed", "namespace": scene.namespace.name}
    tenant.create(enrollment("trespassing", reference, REGION))
    expected = {
        (AWS_OIDC_INTEGRATION, "greedy"): ("RoleNotAllowed", role(OTHER)),
        (AWS_OIDC_INTEGRATION, "lost"): ("WrongAccount", f"belong to account {ACCOUNT}"),
        (RDS_ENROLLMENT, "trespassing"): ("RefNotPermitted", "spec.allowedNamespaces"),
    }
    for (kind, name), (reason, text) in expected.items():

        def told(kind: Any = kind, name: str = name, reason: str = reason) -> bool:
            return bool(condition(tenant.get(kind, name), "CredentialsValid").get("reason") == reason)

        scene.wait(told, f"{name} is {reason}")
        assert text in condition(tenant.get(kind, name), "CredentialsValid")["message"]
    scene.wait_idle()
    assert scene.aws.calls.writes == []
    assert "sesame" not in "".join(scene.log_lines())

    # Pod Identity's credentials, and those of the role that they assumed: no others.
    assert ACCESS_KEY in keys
    assert "sandbox" not in keys
    assert len(keys) == 2
