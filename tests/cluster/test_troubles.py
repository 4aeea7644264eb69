"""Troubles with credentials and with Teleport: each is a condition that says what to do, and heals by itself.

No test touches an object after it has applied it.
"""

from datetime import UTC, datetime, timedelta

import pytest
from moto.core.authorization import enable_iam_authentication
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.aws.world import World
from hack.sandbox.teleport.roles import BOT_ROLE
from hack.sandbox.teleport.server import BOT_USER
from tests.cluster.kubernetes_api import Object, condition
from tests.cluster.scene import ACCOUNT, ENROLLMENT, INTEGRATION, REGION, Scene

OTHER_ACCOUNT = "210987654321"
ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


class Credentials:
    """The operator's shared credentials file, as a mounted Secret would bring it."""

    def __init__(self, scene: Scene) -> None:
        self._path = scene.folder / "credentials"
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


def test_missing_credentials(scene: Scene, credentials: Credentials) -> None:
    scene.world.demo_world(REGION)
    scene.start(**credentials.environment)
    scene.apply_examples()

    message = wait_for_credentials_trouble(scene, "CredentialsMissing")
    assert "IRSA or EKS Pod Identity" in message

    credentials.write("sandbox", "sandbox")
    scene.wait_all_ready()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
