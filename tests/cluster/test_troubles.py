"""Troubles of the world: each is a condition that says what to do, and heals by itself once the cause is gone.

No test touches an object after it has applied it.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.core.authorization import enable_iam_authentication
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.ecs.timing import Timing
from hack.sandbox.aws.world import Vpc, World
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.teleport.roles import BOT_ROLE
from hack.sandbox.teleport.server import BOT_USER
from tests.cluster import inventory
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.least_privilege import enforce
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene, example, new_scene

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
OTHER_ACCOUNT = "210987654321"
ANYWHERE = "0.0.0.0/0"
ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


class Credentials:
    """The operator's shared credentials file, as a mounted Secret would bring it."""

    def __init__(self, scene: Scene) -> None:
        self._path: Path = scene.folder / "credentials"
        self.environment = {
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
            "AWS_SHARED_CREDENTIALS_FILE": str(self._path),
            "AWS_CONFIG_FILE": str(scene.folder / "config"),
        }

    def write(self, key: str, secret: str) -> None:
        text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        self._path.write_text(text)


@pytest.fixture
def credentials(scene: Scene) -> Credentials:
    return Credentials(scene)


def new_access_key(world: World) -> tuple[str, str]:
    """Id and secret of a user who may do everything in the world's account."""
    iam = world.client("iam", REGION)
    iam.create_user(UserName="operator")
    iam.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=ALLOW_ALL)
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def wait_for_credentials_trouble(scene: Scene, reason: str) -> str:
    """Both objects tell of it, none is Ready, nothing was written; returns the message."""
    entries = [
        scene.wait_condition(kind, name, "CredentialsValid", "False", reason)
        for kind, name in ((AWS_OIDC_INTEGRATION, INTEGRATION), (RDS_ENROLLMENT, ENROLLMENT))
    ]
    for obj in (scene.integration, scene.enrollment):
        assert_not_ready(obj, reason)
    assert scene.aws.calls.writes == []
    assert scene.teleport.writes == []
    assert entries[0]["message"] == entries[1]["message"]
    return str(entries[0]["message"])


def assert_not_ready(obj: Object, reason: str) -> None:
    ready = condition(obj, "Ready")
    assert ready["status"] != "True"
    assert ready["reason"] == reason
    assert condition(obj, "Reconciling")["status"] == "True"


# AWS credentials


def test_missing_credentials(scene: Scene, credentials: Credentials) -> None:
    scene.world.demo_world(REGION)
    scene.start(**credentials.environment)
    scene.apply_examples()

    message = wait_for_credentials_trouble(scene, "CredentialsMissing")
    assert "IRSA or EKS Pod Identity" in message

    credentials.write("sandbox", "sandbox")
    scene.wait_all_ready()


def test_wrong_credentials(scene: Scene, credentials: Credentials) -> None:
    scene.world.demo_world(REGION)
    key, secret = new_access_key(scene.world)
    credentials.write(key, "not-the-secret")
    with enable_iam_authentication():
        scene.start(**credentials.environment)
        scene.apply_examples()

        message = wait_for_credentials_trouble(scene, "CredentialsInvalid")
        assert "SignatureDoesNotMatch" in message
        assert "Check the secret key" in message

        credentials.write(key, secret)
        scene.wait_all_ready()


def test_wrong_account(scene: Scene, credentials: Credentials) -> None:
    scene.world.demo_world(REGION)
    credentials.write(*new_access_key(World(scene.aws.url, OTHER_ACCOUNT)))
    scene.start(**credentials.environment)
    scene.apply_examples()

    message = wait_for_credentials_trouble(scene, "WrongAccount")
    assert f"belong to account {OTHER_ACCOUNT}" in message
    assert f"Give the operator credentials of {ACCOUNT}" in message

    credentials.write(*new_access_key(scene.world))
    scene.wait_all_ready()


# Teleport


def wait_for_teleport_trouble(scene: Scene, status: str, reason: str) -> str:
    """Both objects tell of it, none is Ready, nothing was written; returns the message."""
    entries = [
        scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "IntegrationRegistered", status, reason),
        scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", status, reason),
    ]
    for obj in (scene.integration, scene.enrollment):
        assert condition(obj, "CredentialsValid")["status"] == "True"
        assert condition(obj, "Ready")["status"] != "True"
    assert scene.aws.calls.writes == []
    assert entries[0]["message"] == entries[1]["message"]
    return str(entries[0]["message"])


def test_unreachable_teleport(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    address = scene.teleport.address
    scene.teleport.stop()
    scene.start()
    scene.apply_examples()

    message = wait_for_teleport_trouble(scene, "Unknown", "TeleportUnreachable")
    assert f"Teleport at {address} cannot be connected to" in message

    scene.teleport.start()
    scene.wait_all_ready()


def test_expired_identity(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    authority, file = scene.teleport.authority, scene.teleport.identity_file
    authority.write_identity(file, BOT_USER, not_after=datetime.now(UTC) - timedelta(seconds=1))
    scene.operator.start()
    scene.apply_examples()

    message = wait_for_teleport_trouble(scene, "False", "TeleportIdentityExpired")
    assert str(file) in message
    assert scene.operator.probe("/readyz") == 503

    authority.write_identity(file, BOT_USER)
    scene.wait_all_ready()
    scene.operator.wait_ready()


def test_denied_by_teleport(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    scene.teleport.role = BOT_ROLE.without("db", "create")
    scene.start()
    scene.apply_examples()

    entry = scene.wait_condition(
        RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "False", "TeleportAccessDenied"
    )
    assert "give the operator's Teleport role a rule for db with create" in entry["message"]
    assert_not_ready(scene.enrollment, "TeleportAccessDenied")
    states = [(item["name"], item["state"]) for item in scene.enrollment["status"]["databases"]]
    assert ("orders", "Failed") in states

    scene.teleport.role = BOT_ROLE
    scene.wait_all_ready()


# The network


@pytest.fixture
def vpc(scene: Scene) -> Vpc:
    """A VPC with one database."""
    vpc = scene.world.seed_vpc(REGION, "main")
    scene.world.seed_instance(vpc, "orders")
    return vpc


def wait_for_deployment(scene: Scene, vpc: Vpc, type_: str, reason: str) -> str:
    """Its condition is False, and neither it nor the enrolment is Ready; returns the message."""
    name = f"{REGION}-{vpc.id}"
    entry = scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, type_, "False", reason)
    assert condition(scene.deployment, "Ready")["status"] == "False"
    told = scene.wait_condition(
        RDS_ENROLLMENT, ENROLLMENT, "DeploymentsReady", "False", "DeploymentsNotReady"
    )
    assert name in told["message"]
    return str(entry["message"])


def test_selector_that_matches_no_subnet(scene: Scene, vpc: Vpc) -> None:
    ec2, subnets = scene.client("ec2"), list(vpc.private_subnets)
    ec2.create_tags(Resources=subnets, Tags=[{"Key": "tier", "Value": "other"}])
    scene.start()
    scene.apply_examples()

    message = wait_for_deployment(scene, vpc, "NetworkReady", "SubnetsNotFound")
    assert message == (
        f"No subnet in {vpc.id} ({REGION}) carries the tags tier=private. Tag one, or change the selector."
    )
    assert inventory.services(scene) == []

    ec2.create_tags(Resources=subnets, Tags=[{"Key": "tier", "Value": "private"}])
    scene.wait_all_ready()


class SkippingClock:
    """The time, with leaps."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def skip(self, time: timedelta) -> None:
        self._ahead += time


def test_tasks_that_cannot_pull_their_image(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path: Path
) -> None:
    """ECS tries again after a while: the test decides when, so that the cause is gone at the second attempt."""
    clock, pause, pull = SkippingClock(), timedelta(minutes=10), timedelta(minutes=1)
    timing = Timing(pending=pull, retry=pause, retry_limit=pause)
    with new_scene(control_plane, operator_kubeconfig, tmp_path, timing=timing, clock=clock) as scene:
        vpc = scene.world.seed_vpc(REGION, "main")
        scene.world.seed_instance(vpc, "orders")
        ec2 = scene.client("ec2")
        gateways: list[dict[str, Any]] = ec2.describe_nat_gateways()["NatGateways"]
        ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE)
        scene.start()
        scene.apply_examples()

        scene.wait_condition(
            DATABASE_SERVICE_DEPLOYMENT,
            f"{REGION}-{vpc.id}",
            "NetworkReady",
            "False",
            "ImageRegistryUnreachable",
        )
        scene.wait(lambda: pulling_tasks(scene) == 2, "both tasks pull their image")
        assert inventory.tasks(scene, desired="STOPPED") == []  # the preflight was first
        clock.skip(pull)
        message = wait_for_deployment(scene, vpc, "TasksRunning", "ImageRegistryUnreachable")
        assert message.startswith("0 of 2 tasks run. Task ")
        assert "CannotPullContainerError" in message
        assert "public.ecr.aws/gravitational/teleport-distroless:18.0.0" in message
        assert "The preflight: From subnet-" in message
        stopped = [arn.rpartition("/")[2] for arn in inventory.tasks(scene, desired="STOPPED")]
        assert any(task in message for task in stopped)

        ec2.create_route(
            RouteTableId=vpc.route_table,
            DestinationCidrBlock=ANYWHERE,
            NatGatewayId=gateways[0]["NatGatewayId"],
        )
        clock.skip(pause)
        scene.wait(lambda: pulling_tasks(scene) == 2, "two new tasks pull their image")
        clock.skip(pull)
        scene.wait_all_ready()


def test_an_operator_that_is_asked_to_deploys_into_no_broken_network(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path: Path
) -> None:
    """With --preflight=Block: a cluster and a task definition run nothing, and there is no service until each finding
    was mended in AWS."""
    settings = {"RDS_ENROLLMENT_PREFLIGHT": "Block"}
    with new_scene(control_plane, operator_kubeconfig, tmp_path, settings=settings) as scene:
        vpc = scene.world.seed_vpc(REGION, "main")
        scene.world.seed_instance(vpc, "orders")
        ec2 = scene.client("ec2")
        (gateway,) = ec2.describe_nat_gateways()["NatGateways"]
        ec2.delete_route(RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE)
        scene.aws.set_fargate_vcpus(REGION, 0)
        name = f"{REGION}-{vpc.id}"
        scene.start()
        scene.apply_examples()

        told = scene.wait_condition(
            DATABASE_SERVICE_DEPLOYMENT, name, "NetworkReady", "False", "ImageRegistryUnreachable"
        )
        assert "Nothing is deployed until then (--preflight=Block)." in told["message"]
        ec2.create_route(
            RouteTableId=vpc.route_table, DestinationCidrBlock=ANYWHERE, NatGatewayId=gateway["NatGatewayId"]
        )
        told = scene.wait_condition(
            DATABASE_SERVICE_DEPLOYMENT, name, "NetworkReady", "False", "FargateQuotaTooLow"
        )
        assert "need 4" in told["message"]
        assert inventory.tasks(scene) == []
        assert "ecs:CreateService" not in {write.operation for write in scene.aws.calls.writes}

        scene.aws.set_fargate_vcpus(REGION, 4)
        scene.wait_all_ready()


def pulling_tasks(scene: Scene) -> int:
    """How many tasks are PENDING."""
    ecs, found = scene.client("ecs"), inventory.tasks(scene)
    if not found:
        return 0
    (cluster,) = inventory.clusters(scene)
    tasks = ecs.describe_tasks(cluster=cluster["clusterArn"], tasks=found)["tasks"]
    return sum(task["lastStatus"] == "PENDING" for task in tasks)


def diagnose(scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command beside the operator, with an administrator's rights in Kubernetes."""
    environment = {
        name: value
        for name, value in scene.operator.environment.items()
        if name != "RDS_ENROLLMENT_HTTP_ADDRESS"
    }
    return subprocess.run(
        [str(PROGRAM), "diagnose", *arguments, "--namespace", scene.namespace.name],
        env={**environment, "KUBECONFIG": str(scene.plane.admin_kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def analyses(scene: Scene) -> list[Object]:
    found: list[Object] = scene.client("ec2").describe_network_insights_analyses()["NetworkInsightsAnalyses"]
    return found


def paths(scene: Scene) -> list[Object]:
    found: list[Object] = scene.client("ec2").describe_network_insights_paths()["NetworkInsightsPaths"]
    return found


def reachable(scene: Scene) -> Object:
    return condition(scene.deployment, "DatabasesReachable")


def asking_once(scene: Scene) -> list[Object]:
    """The examples, but that AWS's Reachability Analyzer may be asked once a day."""
    documents = [example(10), example(20)]
    asked = {"reachabilityAnalyzer": "OnFailure", "maxAnalysesPerDay": 1}
    documents[1]["spec"]["deployment"]["diagnostics"] = asked
    for document in documents:
        document["metadata"]["namespace"] = scene.namespace.name
    return documents


def the_analyzer_is_asked(scene: Scene, vpc: Vpc) -> None:
    """The operator is killed while an analysis goes on; what is left of it in AWS goes once its result is told."""
    scene.wait(lambda: "is at work" in reachable(scene)["message"], "the analyzer is asked")
    scene.operator.kill()
    assert [item["Status"] for item in analyses(scene)] == ["running"]
    scene.aws.analyzer.held = False
    scene.start()
    found = f"ENI_SG_RULES_MISMATCH (ingress; {vpc.database_group}, eni-"
    scene.wait(lambda: found in reachable(scene)["message"], "what the analyzer found is told")
    scene.wait(lambda: not paths(scene), "the path and its analysis are deleted")
    assert analyses(scene) == []


def nothing_is_in_the_way(scene: Scene, name: str) -> None:
    """What `diagnose` says of everything."""
    seen = diagnose(scene, ENROLLMENT, "--output", "json")
    assert seen.returncode == 0, seen.stdout
    report = json.loads(seen.stdout)
    assert report["healthy"]
    (deployment,) = report["deployments"]
    assert (deployment["name"], deployment["connected"]) == (name, 2)
    for database in deployment["databases"]:
        assert (database["way"], {agent["status"] for agent in database["agents"]}) == ("open", {"healthy"})
        assert not any(hop["blocks"] for hop in database["hops"])


def test_database_that_agents_cannot_reach(scene: Scene, vpc: Vpc) -> None:
    """It informs, and lowers Ready of nothing: a database is enrolled, and its owner may have it stopped. Two of them
    are two causes, as their ports differ, and the analyzer may be asked about one of them."""
    ec2 = scene.client("ec2")
    scene.world.seed_instance(vpc, "payments", engine="mysql")
    group = ec2.describe_security_groups(GroupIds=[vpc.database_group])["SecurityGroups"][0]
    permissions = group["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=vpc.database_group, IpPermissions=permissions)
    scene.aws.analyzer.held = True
    manifests = asking_once(scene)
    enforce(scene, manifests)
    scene.start()
    for document in manifests:
        scene.namespace.create(document)

    def told_by_agents() -> bool:
        message = condition(scene.enrollment, "DatabasesReachable")["message"]
        return message.startswith("orders: agent ip-10-0-") and ":5432: i/o timeout" in message

    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesReachable", "False", "Unreachable")
    scene.wait(told_by_agents, "the agents' own error is told")
    name = f"{REGION}-{vpc.id}"
    command = (
        f"aws ec2 authorize-security-group-ingress --group-id {vpc.database_group} --ip-permissions "
        f"'IpProtocol=tcp,FromPort=5432,ToPort=5432,UserIdGroupPairs=[{{GroupId={vpc.agents_group}}}]'"
    )

    def told_by_deployment() -> bool:
        told = reachable(scene)
        return (
            bool(told)
            and told["status"] == "False"
            and command in told["message"]
            and "Its agent ip-" in told["message"]
        )

    scene.wait(told_by_deployment, "the deployment tells the rule that is missing, and the agents' error")
    scene.wait(
        lambda: command in condition(scene.enrollment, "DatabasesReachable")["message"],
        "the enrolment tells what its deployment found",
    )
    scene.wait_all_ready()
    databases = {item["name"]: item for item in scene.enrollment["status"]["databases"]}
    assert (databases["orders"]["state"], databases["orders"]["reason"]) == ("Enrolled", "Unreachable")

    the_analyzer_is_asked(scene, vpc)
    assert command in reachable(scene)["message"]

    seen = diagnose(scene, name, "--database", "orders")
    assert seen.returncode == 2, seen.stderr
    assert "Database orders  not reached" in seen.stdout
    assert any(f"  ○ {subnet}  task at 10.0." in seen.stdout for subnet in vpc.private_subnets)
    assert f"  ✗ {vpc.database_group}  " in seen.stdout
    assert "unhealthy: dial tcp 10.0." in seen.stdout
    assert "\x1b" not in seen.stdout
    written = len(scene.aws.calls.writes), len(scene.teleport.writes)

    ec2.authorize_security_group_ingress(GroupId=vpc.database_group, IpPermissions=permissions)
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesReachable", "True")
    scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "DatabasesReachable", "True")
    assert [item["id"][:4] for item in scene.deployment["status"]["analyses"]] == ["nia-"]
    assert scene.aws.calls.counts["ec2:StartNetworkInsightsAnalysis"] == 1
    nothing_is_in_the_way(scene, name)
    assert written == (len(scene.aws.calls.writes), len(scene.teleport.writes))
    assert diagnose(scene, "absent").returncode == 1
    assert diagnose(scene, name, "--database", "absent").returncode == 1
