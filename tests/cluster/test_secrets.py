"""Nothing secret reaches a log, an event, a status, a metric or what a command prints: canaries are planted, and
everything is searched."""

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from moto.sts.models import sts_backends
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.aws import pod_identity
from hack.sandbox.aws.calls import allow_all
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from hack.sandbox.gate import Fault
from tests.cluster.kubernetes_api import Object
from tests.cluster.refusing import Refusing
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene, example
from tests.quick import some_quick

BUG = "ended in a bug"
PROGRAM = Path(sys.executable).with_name("rds-enrollment")
OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/rds-enrollment"
AWS_SECRET, SESSION_TOKEN, WEB_IDENTITY, EXTERNAL_ID, PROXY_PASSWORD, LENT = (
    f"CANARY-{name}-4711" for name in ("secret", "session", "web-identity", "external", "proxy", "lent")
)
PROXY_USER = f"operator:{PROXY_PASSWORD}"
SOURCES = ("keys", "shared file", "web identity", "pod identity")
"""Of the operator's own credentials: boto3 takes the first that there is."""
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
AWAY = {
    "AWS_ENDPOINT_URL": "https://aws.example.com",
    "RDS_ENROLLMENT_TELEPORT_ADDRESS": "teleport.example.com:443",
}
"""Where the way leads through the HTTP proxy, which does not answer."""


@contextmanager
def credentials(source: str, folder: Path) -> Iterator[Mapping[str, str]]:
    """Variables that give the operator AWS credentials."""
    file = folder / source
    match source:
        case "shared file":
            lines = ("aws_access_key_id=sandbox", f"aws_secret_access_key={AWS_SECRET}")
            file.write_text("\n".join(("[default]", *lines, f"aws_session_token={SESSION_TOKEN}")))
            yield {**NO_KEYS, "AWS_SHARED_CREDENTIALS_FILE": str(file)}
        case "web identity":
            file.write_text(WEB_IDENTITY)
            role = f"arn:aws:iam::{ACCOUNT}:role/operator"
            yield {**NO_KEYS, "AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}
        case "pod identity":
            with pod_identity.pod_identity_agent(folder) as lent:
                yield {**NO_KEYS, **lent}
        case _:
            yield {"AWS_SECRET_ACCESS_KEY": AWS_SECRET, "AWS_SESSION_TOKEN": SESSION_TOKEN}


def settings(scene: Scene) -> dict[str, str]:
    """The other variables that take a secret, or name a file with one, and the most talkative log."""
    grants = scene.folder / "roles.yaml"
    role = {"arn": ROLE, "externalId": EXTERNAL_ID}
    labels = {"kubernetes.io/metadata.name": scene.namespace.name}
    grants.write_text(yaml.safe_dump([{"namespaces": {"matchLabels": labels}, "roles": [role]}]))
    return {
        "HTTPS_PROXY": f"http://{PROXY_USER}@127.0.0.1:9",
        "RDS_ENROLLMENT_ASSUME_ROLES": str(grants),
        "RDS_ENROLLMENT_LOG_LEVEL": "debug",
    }


def machine_id_folder(scene: Scene) -> Path:
    """The identity, as Machine ID writes it."""
    folder = scene.folder / "machine-id"
    folder.mkdir()
    shutil.copy(scene.teleport.identity_file, folder / "identity")
    return folder


def canaries(scene: Scene) -> list[str]:
    """The planted ones, the token for the API server, every line of Teleport's private key, and what AWS has lent."""
    kubeconfig = yaml.safe_load(Path(scene.operator.environment["KUBECONFIG"]).read_text())
    (user,) = kubeconfig["users"]
    _, after = scene.teleport.identity_file.read_text().split("PRIVATE KEY-----", 1)
    key, _ = after.split("-----END", 1)
    planted = (AWS_SECRET, SESSION_TOKEN, WEB_IDENTITY, EXTERNAL_ID, PROXY_PASSWORD, LENT)
    pod = (pod_identity.TOKEN, pod_identity.SECRET_KEY, pod_identity.SESSION_TOKEN)
    proxy = b64encode(PROXY_USER.encode()).decode()
    return [*planted, *pod, proxy, user["user"]["token"], *key.split(), *lent_by_sts()]


def lent_by_sts() -> list[str]:
    """Keys and tokens of all sessions of roles."""
    sessions = [
        session
        for account in (ACCOUNT, OTHER)
        for backend in sts_backends[account].values()
        for session in backend.assumed_roles
    ]
    assert sessions
    return [text for session in sessions for text in (session.secret_access_key, session.session_token)]


def everything_said(scene: Scene) -> dict[str, str]:
    """All that the operator says to anybody, by where."""
    return {
        "log": "\n".join(scene.log_lines()),
        "events": json.dumps(scene.namespace.events()),
        "objects": json.dumps(scene.namespace.objects()),
        "metrics": scene.operator.read("/metrics"),
    }


def tracebacks(log: str) -> list[str]:
    """Of passes that ended in a bug."""
    found: list[str] = [json.loads(line)["traceback"] for line in log.splitlines() if BUG in line]
    assert found
    return found


def printed(scene: Scene, variables: Mapping[str, str], *arguments: str) -> str:
    """What a command with the operator's settings prints."""
    done = subprocess.run(
        [str(PROGRAM), *arguments, "--namespace", scene.namespace.name],
        env={**scene.operator.environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def other_integration() -> Object:
    document = example(10)
    document["metadata"]["name"] = "other"
    document["spec"] = {"accountId": OTHER, "role": {"name": "teleport-other"}, "assumeRoleArn": ROLE}
    return document


def without_token(request: AwsRequest, _: str) -> Reply | None:
    """AWS lends a key and no token for it, which it never does: nobody foresaw that."""
    lent = f"<AccessKeyId>ASIALENT</AccessKeyId><SecretAccessKey>{LENT}</SecretAccessKey>"
    return _assume_role(request, f"<Credentials>{lent}</Credentials></AssumeRoleResult></AssumeRoleResponse>")


def cut_short(request: AwsRequest, _: str) -> Reply | None:
    """The answer with the key ends in its middle."""
    return _assume_role(request, f"<Credentials><SecretAccessKey>{LENT}</SecretAccessKey>")


def _assume_role(request: AwsRequest, rest: str) -> Reply | None:
    if request.name != "sts:AssumeRole":
        return None
    return Reply(200, "text/xml", f"<AssumeRoleResponse><AssumeRoleResult>{rest}".encode())


def bad_signature(request: AwsRequest, _: str) -> Reply:
    """AWS repeats what it was sent."""
    sent = f"The Canonical String for this request was 'x-amz-security-token:{SESSION_TOKEN}'"
    return error_reply(request.service, "SignatureDoesNotMatch", f"The signature does not match. {sent}", 403)


@pytest.mark.parametrize("source", some_quick(SOURCES, lambda source: source == "keys"))
def test_nothing_secret_is_said_in_success_or_failure(scene: Scene, source: str) -> None:
    scene.world.demo_world(REGION)
    with credentials(source, scene.folder) as given:
        variables = {**settings(scene), **given}
        if source != "keys":
            variables["RDS_ENROLLMENT_TELEPORT_IDENTITY"] = str(machine_id_folder(scene))
        said = succeed_and_fail(scene, variables)
    assert '"level": "debug"' in said["log"]
    assert all("KeyError: 'SessionToken'" in traceback for traceback in tracebacks(said["log"]))
    assert all("PutRolePolicy" in said[where] for where in ("log", "events", "metrics"))
    assert "SignatureDoesNotMatch" in said["refused command"]
    assert "127.0.0.1:9" in said["command without a way"]
    assert "Healthy" in said["command"]
    found = [(where, text) for text in canaries(scene) for where, words in said.items() if text in words]
    assert found == []


def succeed_and_fail(scene: Scene, variables: Mapping[str, str]) -> dict[str, str]:
    """What was said, by where."""
    scene.start(**variables)
    scene.aws.gate = Refusing({"iam:PutRolePolicy": Fault.DENIED})
    scene.teleport.gate = Refusing({"proto.AuthService/CreateDatabase": Fault.UNAVAILABLE})
    scene.aws.refuse = without_token
    scene.apply_examples()
    scene.namespace.create(other_integration())
    scene.wait(lambda: BUG in "".join(scene.log_lines()), "a pass ends in a bug")
    scene.aws.refuse = cut_short
    scene.wait_condition(AWS_OIDC_INTEGRATION, "other", "CredentialsValid", "Unknown", "AwsUnavailable")
    scene.aws.refuse = allow_all
    for name in (INTEGRATION, "other"):
        scene.wait_condition(AWS_OIDC_INTEGRATION, name, "RoleReady", "False", "AccessDenied")
    scene.aws.gate = None
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesEnrolled", "Unknown", "TeleportUnreachable")
    scene.teleport.gate = None
    scene.aws.refuse = bad_signature
    scene.namespace.request_reconcile(AWS_OIDC_INTEGRATION, INTEGRATION, "now")
    scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "CredentialsValid", "False", "CredentialsInvalid")
    refused = printed(scene, variables, "databases", ENROLLMENT)
    scene.aws.refuse = allow_all
    scene.wait_all_ready(4)
    scene.wait_idle()
    return {
        **everything_said(scene),
        "refused command": refused,
        "command without a way": printed(scene, {**variables, **AWAY}, "databases", ENROLLMENT),
        "command": printed(scene, variables, "diagnose", ENROLLMENT),
    }
