"""Nothing secret reaches a log, an event, a status or a metric: canaries are planted, and everything is searched."""

import json
from pathlib import Path

import yaml
from moto.core.authorization import enable_iam_authentication
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.gate import Fault
from tests.cluster.kubernetes_api import Object
from tests.cluster.refusing import Refusing
from tests.cluster.scene import ENROLLMENT, INTEGRATION, REGION, Scene, example

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/rds-enrollment"
AWS_SECRET, SESSION_TOKEN, EXTERNAL_ID, PROXY_PASSWORD = (
    f"CANARY-{name}-4711" for name in ("secret", "session", "external", "proxy")
)


def start(scene: Scene) -> None:
    """With a secret in every setting that takes one, and the most talkative log."""
    grants = scene.folder / "roles.yaml"
    role = {"arn": ROLE, "externalId": EXTERNAL_ID}
    labels = {"kubernetes.io/metadata.name": scene.namespace.name}
    grants.write_text(yaml.safe_dump([{"namespaces": {"matchLabels": labels}, "roles": [role]}]))
    scene.start(
        AWS_SECRET_ACCESS_KEY=AWS_SECRET,
        AWS_SESSION_TOKEN=SESSION_TOKEN,
        HTTPS_PROXY=f"http://operator:{PROXY_PASSWORD}@127.0.0.1:9",
        RDS_ENROLLMENT_ASSUME_ROLES=str(grants),
        RDS_ENROLLMENT_LOG_LEVEL="debug",
    )


def canaries(scene: Scene) -> list[str]:
    """The planted ones, the token for the API server, and every line of Teleport's private key."""
    kubeconfig = yaml.safe_load(Path(scene.operator.environment["KUBECONFIG"]).read_text())
    (user,) = kubeconfig["users"]
    _, after = scene.teleport.identity_file.read_text().split("PRIVATE KEY-----", 1)
    key, _ = after.split("-----END", 1)
    return [AWS_SECRET, SESSION_TOKEN, EXTERNAL_ID, PROXY_PASSWORD, user["user"]["token"], *key.split()]


def everything_said(scene: Scene) -> dict[str, str]:
    """All that the operator says to anybody, by where."""
    return {
        "log": "\n".join(scene.log_lines()),
        "events": json.dumps(scene.namespace.events()),
        "objects": json.dumps(scene.namespace.objects()),
        "metrics": scene.operator.read("/metrics"),
    }


def other_integration() -> Object:
    document = example(10)
    document["metadata"]["name"] = "other"
    document["spec"] = {"accountId": OTHER, "role": {"name": "teleport-other"}, "assumeRoleArn": ROLE}
    return document


def test_nothing_secret_is_said_in_success_or_failure(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    start(scene)
    scene.aws.gate = Refusing({"iam:PutRolePolicy": Fault.DENIED})
    scene.teleport.gate = Refusing({"proto.AuthService/CreateDatabase": Fault.UNAVAILABLE})
    scene.apply_examples()
    scene.namespace.create(other_integration())
    for name in (INTEGRATION, "other"):
        scene.wait_condition(AWS_OIDC_INTEGRATION, name, "RoleReady", "False", "AccessDenied")
    scene.aws.gate = None
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "Unknown", "TeleportUnreachable")
    scene.teleport.gate = None
    with enable_iam_authentication():  # of nobody whom the sandbox knows
        scene.namespace.request_reconcile(AWS_OIDC_INTEGRATION, INTEGRATION, "now")
        scene.wait_condition(
            AWS_OIDC_INTEGRATION, INTEGRATION, "CredentialsValid", "False", "CredentialsInvalid"
        )
    scene.wait_all_ready(4)
    scene.wait_idle()

    said = everything_said(scene)
    assert '"level": "debug"' in said["log"]
    assert all("PutRolePolicy" in said[where] for where in ("log", "events", "metrics"))
    found = [(where, text) for text in canaries(scene) for where, words in said.items() if text in words]
    assert found == []
