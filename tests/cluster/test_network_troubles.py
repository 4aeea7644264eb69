"""Troubles of a deployment's network: each is a condition that says what to do, and heals by itself.

No test touches an object after it has applied it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.ecs.timing import Timing
from hack.sandbox.aws.world import Vpc
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.postgresql.server import IAM_ROLE, PostgresqlServer
from hack.sandbox.teleport.proxy import ProxySandbox
from tests.cluster import inventory
from tests.cluster.clock import SkippingClock
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.least_privilege import enforce
from tests.cluster.scene import ENROLLMENT, REGION, Scene, example, new_scene

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
ANYWHERE = "0.0.0.0/0"


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


@pytest.mark.slow
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


def diagnose(scene: Scene, *arguments: str, **changed: str) -> "subprocess.CompletedProcess[str]":
    """The command beside the operator, with an administrator's rights in Kubernetes; `changed` are variables."""
    environment = {
        name: value
        for name, value in scene.operator.environment.items()
        if name != "RDS_ENROLLMENT_HTTP_ADDRESS"
    }
    return subprocess.run(
        [str(PROGRAM), "diagnose", *arguments, "--namespace", scene.namespace.name],
        env={**environment, "KUBECONFIG": str(scene.plane.admin_kubeconfig), **changed},
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
    assert [found in told for told in analyses_told(scene)] == [True]
    for obj in (scene.deployment, scene.enrollment):
        told = condition(obj, "DatabasesReachable")["message"]
        assert told.endswith(" More: docs/reference/reasons.md#unreachable")


@contextmanager
def logins(scene: Scene) -> Iterator[Callable[..., "subprocess.CompletedProcess[str]"]]:
    """`diagnose` with a login as reader to shop, through a proxy, to a PostgreSQL behind the endpoints."""
    former = scene.teleport.role
    with PostgresqlServer() as postgresql:
        postgresql.run("create database shop")
        postgresql.run(f"create role reader login in role {IAM_ROLE}")
        with ProxySandbox(scene.teleport, postgresql=postgresql.address) as proxy:
            scene.teleport.role = replace(
                former, db_users=frozenset({"reader"}), db_names=frozenset({"shop"})
            )
            login = partial(
                diagnose,
                scene,
                "--db-user=reader",
                "--db-name=shop",
                RDS_ENROLLMENT_TELEPORT_ADDRESS=proxy.address,
                RDS_ENROLLMENT_TELEPORT_CA_FILE=str(proxy.ca_file),
                NO_PROXY="127.0.0.1,localhost",
            )
            yield login
    scene.teleport.role = former


def only_iam_is_in_the_way(seen: "subprocess.CompletedProcess[str]") -> None:
    """With everything reached, and the login refused by IAM."""
    assert seen.returncode == 2, seen.stdout + seen.stderr
    assert "Database orders  reached" in seen.stdout
    assert "✗ login as reader to shop through Teleport  IamRefused" in seen.stdout
    assert 'PAM authentication failed for user "reader"' in seen.stdout
    assert "--db-user" not in seen.stdout


def nothing_is_in_the_way(scene: Scene, name: str, seen: "subprocess.CompletedProcess[str]") -> None:
    """What `diagnose` says of everything, with a login where one can be tried."""
    assert seen.returncode == 0, seen.stdout + seen.stderr
    report = json.loads(seen.stdout)
    assert report["healthy"]
    (deployment,) = report["deployments"]
    assert (deployment["name"], deployment["connected"]) == (name, 2)
    for database in deployment["databases"]:
        assert (database["way"], {agent["status"] for agent in database["agents"]}) == ("open", {"healthy"})
        assert not any(hop["blocks"] for hop in database["hops"])
    results = {database["name"]: database["login"]["result"] for database in deployment["databases"]}
    assert results == {"orders": "LoggedIn", "payments": "NotTried"}


def agents_may_connect_as_readers(scene: Scene, *, allowed: bool) -> None:
    """A policy beside the operator's own, as an administrator of AWS may attach it."""
    (role,) = [
        item["RoleName"]
        for item in scene.client("iam").list_roles()["Roles"]
        if item["RoleName"].startswith("TeleportDatabaseAccess")
    ]
    statement = {
        "Effect": "Deny",
        "Action": "rds-db:connect",
        "Resource": "arn:aws:rds-db:*:*:dbuser:*/reader",
    }
    names = {"RoleName": role, "PolicyName": "NoReaders"}
    if allowed:
        scene.client("iam").delete_role_policy(**names)
    else:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        scene.client("iam").put_role_policy(**names, PolicyDocument=document)


def logins_are_told_apart(scene: Scene, name: str) -> None:
    with logins(scene) as log_in:
        agents_may_connect_as_readers(scene, allowed=False)
        only_iam_is_in_the_way(log_in(name, "--database", "orders"))
        agents_may_connect_as_readers(scene, allowed=True)
        nothing_is_in_the_way(scene, name, log_in(ENROLLMENT, "--output", "json"))


def analyses_told(scene: Scene) -> list[str]:
    return [item["note"] for item in scene.namespace.events() if item["reason"] == "ReachabilityAnalyzed"]


@pytest.mark.slow
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
    logins_are_told_apart(scene, name)
    assert written == (len(scene.aws.calls.writes), len(scene.teleport.writes))
    assert diagnose(scene, "absent").returncode == 1
    assert diagnose(scene, name, "--database", "absent").returncode == 1
