"""Every alert on what a real operator exports: none while all is well, and those of a fault when there is one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.gate import Fault
from hack.sandbox.kubernetes_gate import KubernetesGate
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT
from hack.sandbox.teleport.server import BOT_USER
from tests.cluster.alerts import MINUTES, assert_firing, going_on, gone, in_turns, scrape, steady
from tests.cluster.refusing import Refusing
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene, example
from tests.cluster.waiting import wait_until


def wait_shows(scene: Scene, what: str, **labels: str) -> None:
    """Wait for a condition in the metrics: the watch delivers it after the API server has it."""
    scene.wait(lambda: scene.metrics().total("rds_enrollment_resource_condition", **labels) > 0, what)


def test_credentials_and_teleport(scene: Scene, seeded: DemoWorld, tmp_path: Path) -> None:
    ready = {"type": "Ready", "status": "True"}
    scene.wait(
        lambda: scene.metrics().total("rds_enrollment_resource_condition", **ready) == 3,
        "the watch has delivered that all is well",
    )
    scene.wait_idle()
    assert_firing(steady(scrape(scene.operator)), set(), tmp_path)

    stray = example(10)
    stray["metadata"]["name"] = stray["spec"]["role"]["name"] = "stray"
    stray["spec"] |= {"accountId": "210987654321"}
    scene.namespace.create(stray)
    scene.wait_condition(AWS_OIDC_INTEGRATION, "stray", "CredentialsValid", "False", "WrongAccount")
    scene.teleport.stop()
    scene.reconcile(scene.integration)
    wait_shows(scene, "Teleport is missed", name=INTEGRATION, reason="TeleportUnreachable")
    wait_shows(scene, "the other trouble is delivered", name="stray", reason="WrongAccount")
    scene.wait(
        lambda: scene.metrics().total("rds_enrollment_teleport_stream_live") == 0, "the stream is gone"
    )
    assert_firing(
        steady(scrape(scene.operator)),
        {"RdsEnrollmentNotReady", "RdsEnrollmentCredentialsRefused", "RdsEnrollmentTeleportNotFollowed"},
        tmp_path,
    )


@pytest.mark.slow
def test_refused_calls_and_a_deletion_that_does_not_end(
    scene: Scene, seeded: DemoWorld, tmp_path: Path
) -> None:
    scene.client("iam").delete_role_policy(RoleName="teleport-prod-aws", PolicyName="ListDatabases")
    scene.aws.gate = Refusing({"iam:PutRolePolicy": Fault.DENIED, "ecs:DeleteService": Fault.THROTTLED})
    scene.namespace.request_reconcile(AWS_OIDC_INTEGRATION, INTEGRATION, uuid4().hex)
    scene.namespace.delete(RDS_ENROLLMENT, ENROLLMENT)

    def failed(kind: str) -> float:
        return scene.metrics().total("controller_runtime_reconcile_errors_total", controller=kind)

    kinds = ("awsoidcintegration", "databaseservicedeployment")
    scene.wait(lambda: all(failed(kind) > 0 for kind in kinds), "both fail")
    before = scrape(scene.operator)
    seen = {kind: failed(kind) for kind in kinds}
    scene.wait(lambda: all(failed(kind) > seen[kind] for kind in kinds), "both go on to fail")
    assert_firing(
        going_on(before, scrape(scene.operator)),
        {
            "RdsEnrollmentAwsAccessDenied",
            "RdsEnrollmentAwsThrottled",
            "RdsEnrollmentDeletionStuck",
            "RdsEnrollmentNotReady",
            "RdsEnrollmentReconcileErrors",
        },
        tmp_path,
    )


@pytest.mark.slow
def test_agents_that_are_old_and_reach_nothing(scene: Scene, tmp_path: Path) -> None:
    seeded = scene.world.demo_world(REGION)
    ec2 = scene.client("ec2")
    group = ec2.describe_security_groups(GroupIds=[seeded.vpc.database_group])["SecurityGroups"][0]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    scene.start()
    pinned = {"policy": "Pinned", "pinned": scene.teleport.version}
    template = {**example(20)["spec"]["deployment"], "version": pinned}
    scene.apply_examples(enrollment={"deployment": template})
    scene.wait_all_ready()
    wait_shows(
        scene, "the agents reach no database", name=ENROLLMENT, type="DatabasesReachable", status="False"
    )

    scene.operator.stop()
    scene.teleport.version = "20.0.0"
    scene.start()
    scene.wait(lambda: scene.metrics().total("rds_enrollment_agent_version_skew") == 2, "the agents are old")
    firing = {"RdsEnrollmentAgentVersionSkew", "RdsEnrollmentDatabasesUnreachable"}
    assert_firing(steady(scrape(scene.operator)), firing, tmp_path)

    scene.operator.stop()
    scene.teleport.cluster_name = "another.teleport.sh"
    scene.start()
    wait_shows(scene, "the integration is stalled", type="Stalled", status="True", name=INTEGRATION)
    scene.wait(
        lambda: scene.metrics().total("rds_enrollment_agent_version_skew") == 2, "the agents are old still"
    )
    assert_firing(
        steady(scrape(scene.operator)),
        {"RdsEnrollmentStalled", "RdsEnrollmentNotReady", *firing},
        tmp_path,
    )


@pytest.mark.slow
def test_processes_that_come_and_go(scene: Scene, tmp_path: Path) -> None:
    scene.start()
    identity = {"RDS_ENROLLMENT_LEASE_IDENTITY": "second"}
    second = OperatorProcess(scene.operator.environment, tmp_path / "second.log")
    second.start(**identity)
    try:
        second.wait_ready()
        leading, standing_by = scrape(scene.operator), scrape(second)
    finally:
        second.kill()
    assert_firing(steady(leading), set(), tmp_path)
    assert_firing(steady(standing_by), {"RdsEnrollmentNoLeader"}, tmp_path)
    assert_firing(in_turns(leading, standing_by), {"RdsEnrollmentLeaseFlapping"}, tmp_path)
    assert_firing(gone(leading), {"RdsEnrollmentOperatorDown"}, tmp_path)


@pytest.mark.slow
def test_a_deaf_watch_is_told_and_its_changes_are_found(
    scene: Scene, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """And of an identity that nobody renews."""
    soon = datetime.now(UTC) + timedelta(minutes=MINUTES + 10)
    scene.teleport.authority.write_identity(scene.teleport.identity_file, BOT_USER, not_after=soon)
    with KubernetesGate(control_plane.server, control_plane.ca) as gate:
        kubeconfig = control_plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, SERVICE_ACCOUNT, tmp_path / "kubeconfig", server=gate.url
        )
        settings = {
            "KUBECONFIG": str(kubeconfig),
            "RDS_ENROLLMENT_WATCH_CHECK_SECONDS": "0.5",
            "RDS_ENROLLMENT_WATCH_GRACE_SECONDS": "5",
        }
        scene.start(**settings)
        scene.apply_examples()
        scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "Ready", "True")
        scene.wait_idle()
        gate.deaf = True
        token = uuid4().hex
        scene.namespace.request_reconcile(AWS_OIDC_INTEGRATION, INTEGRATION, token)
        scene.wait(
            lambda: scene.integration["status"].get("lastHandledReconcileAt") == token,
            "it is found by a list",
        )

        def owing() -> float:
            return scene.metrics().total("rds_enrollment_watch_undelivered_seconds")

        wait_growing(owing)
        before = scrape(scene.operator)
        wait_growing(owing)
        now = scrape(scene.operator)
        firing = {"RdsEnrollmentWatchStale", "RdsEnrollmentCredentialsExpiring"}
        assert_firing(going_on(before, now), firing, tmp_path)
        scene.wait(lambda: scene.operator.probe("/healthz") == 503, "its liveness probe fails")
        scene.operator.kill()  # as the kubelet does then
        gate.deaf = False
        scene.start(**settings)
        changed = scene.namespace.patch(AWS_OIDC_INTEGRATION, INTEGRATION, {"spec": {"tags": {"team": "a"}}})
        generation = changed["metadata"]["generation"]
        scene.wait(
            lambda: scene.integration["status"]["observedGeneration"] == generation,
            "its successor is at work",
        )
        scene.wait(lambda: owing() == 0.0, "and hears everything")
        scene.operator.kill()


def wait_growing(value: Callable[[], float]) -> None:
    """Wait until it is a second more."""
    start = value()
    wait_until(lambda: value() >= start + 1.0, "it grows")
