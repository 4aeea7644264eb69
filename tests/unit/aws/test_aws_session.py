import math
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.assumed_role import AssumedRole
from rds_enrollment.aws.ecs import get_cluster
from rds_enrollment.aws.iam import get_role
from rds_enrollment.aws.metrics import watch_credentials
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import Answer, Refusal, StubAws, caller_identity, xml

ROLE = "arn:aws:iam::123456789012:role/operator"

LENT = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIALENT</AccessKeyId>"
    "<SecretAccessKey>sesame</SecretAccessKey><SessionToken>sesame</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
"""By sts:AssumeRole."""
SENT = "It does not match. The Canonical String for this request was 'x-amz-security-token:sesame'"


def write_key(path: Path, key: str, profile: str = "default", token: str = "") -> None:
    lines = [f"[{profile}]", f"aws_access_key_id = {key}", "aws_secret_access_key = unit-test"]
    path.write_text("\n".join([*lines, f"aws_session_token = {token}" if token else "", ""]))


def reason_of(account: AwsAccount) -> Reason | None:
    """Why the identity cannot be told, None when it can."""
    try:
        account.identity()
    except Blocked as outcome:
        return outcome.reason
    return None


def established(url: str) -> set[str]:
    """Where the connections to a server come from: those of proc(5), tcp, in state 1."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = int(url.rpartition(":")[2])
    return {row[1] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"}


class RefusingKey:
    """AWS, where one access key is not good."""

    def __init__(self, key: str, code: str) -> None:
        self.key, self.code = key, code

    def __call__(self, request: AwsRequest) -> Reply:
        if request.access_key == self.key:
            return error_reply(request.service, self.code, "The security token is not good.", 403)
        return caller_identity()


class TestCredentials:
    def test_missing_ones_are_found_when_the_file_appears(
        self, stub: StubAws, only_own_settings: Path
    ) -> None:
        account = AwsClients().own()
        with pytest.raises(Blocked, match="Unable to locate credentials") as caught:
            account.identity()
        assert caught.value.reason == Reason.CREDENTIALS_MISSING
        assert "IRSA" in caught.value.message
        assert stub.requests == []

        write_key(only_own_settings, "AKIAFIRST")

        assert account.identity().account == "123456789012"

    def test_a_profile_is_found_when_it_appears(
        self, stub: StubAws, only_own_settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "enrolment")
        account = AwsClients().own()
        assert reason_of(account) == Reason.CREDENTIALS_MISSING

        write_key(only_own_settings, "AKIAFIRST", profile="enrolment")

        assert reason_of(account) is None

    def test_half_a_pair_is_missing(
        self, stub: StubAws, only_own_settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFIRST")

        assert reason_of(AwsClients().own()) == Reason.CREDENTIALS_MISSING

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("InvalidClientTokenId", Reason.CREDENTIALS_INVALID),
            ("SignatureDoesNotMatch", Reason.CREDENTIALS_INVALID),
            ("ExpiredToken", Reason.CREDENTIALS_EXPIRED),
        ],
    )
    def test_refused_ones_are_read_again_from_the_file(
        self, stub: StubAws, only_own_settings: Path, code: str, reason: Reason
    ) -> None:
        stub.answer = RefusingKey("AKIAFIRST", code)
        write_key(only_own_settings, "AKIAFIRST")
        account = AwsClients().own()
        assert reason_of(account) == reason
        assert reason_of(account) == reason

        write_key(only_own_settings, "AKIASECOND")

        assert reason_of(account) is None

    def test_the_wrong_ones_are_read_again_but_not_for_every_pass(
        self, stub: StubAws, only_own_settings: Path
    ) -> None:
        first, second = "111111111111", "222222222222"
        stub.answer = lambda call: caller_identity(first if call.access_key == "AKIAFIRST" else second)
        now = 100.0
        account = AwsClients(monotonic=lambda: now).own()
        write_key(only_own_settings, "AKIAFIRST")
        assert account.identity().account == first
        write_key(only_own_settings, "AKIASECOND")

        now += 4.9
        account.reread_credentials()
        assert account.identity().account == first

        now += 0.1
        account.reread_credentials()
        assert account.identity().account == second

    def test_ones_that_expire_in_use_are_read_again(self, stub: StubAws, only_own_settings: Path) -> None:
        write_key(only_own_settings, "AKIAFIRST")
        account = AwsClients().own()
        assert reason_of(account) is None
        stub.answer = RefusingKey("AKIAFIRST", "ExpiredTokenException")

        with pytest.raises(Blocked) as caught:
            get_cluster(account, REGION, "any")
        assert caught.value.reason == Reason.CREDENTIALS_EXPIRED
        assert reason_of(account) == Reason.CREDENTIALS_EXPIRED

        write_key(only_own_settings, "AKIASECOND")
        assert reason_of(account) is None

    def test_the_text_of_a_refused_signature_is_not_repeated(
        self, stub: StubAws, only_own_settings: Path
    ) -> None:
        write_key(only_own_settings, "AKIAFIRST", token="sesame")
        stub.answer = Refusal("SignatureDoesNotMatch", SENT, 403)

        with pytest.raises(Blocked) as caught:
            AwsClients().own().identity()

        assert "sesame" not in caught.value.message
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    @pytest.mark.parametrize(
        "variables",
        [
            {"AWS_SESSION_TOKEN": "sesame\n"},
            {"AWS_ENDPOINT_URL": "http://aws.example.com", "HTTP_PROXY": "http://u:sesame/1@proxy"},
        ],
        ids=["a line break after the token", "a slash in the password"],
    )
    def test_what_cannot_be_sent_is_not_repeated(
        self,
        stub: StubAws,
        static_credentials: None,
        monkeypatch: pytest.MonkeyPatch,
        variables: dict[str, str],
    ) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

        with pytest.raises(Transient, match="HTTPClientError") as caught:
            AwsClients(attempts=1).own().identity()

        assert "sesame" not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize("body", [LENT.partition("</Sec")[0], LENT.partition("<Sess")[0] + "\x00"])
    def test_an_answer_with_keys_that_cannot_be_read_is_not_repeated(
        self, stub: StubAws, static_credentials: None, body: str
    ) -> None:
        stub.answer = lambda _: xml(body)

        with pytest.raises(Transient, match=r"ResponseParserError: .*invalid XML received") as caught:
            AwsClients(attempts=1).assumed(AssumedRole(ROLE)).identity()

        assert "sesame" not in "".join(traceback.format_exception(caught.value))

    @pytest.mark.parametrize(
        ("answer", "named"),
        [
            (lambda _: xml(LENT.partition("</Sec")[0]), "ResponseParserError"),
            (Refusal("SignatureDoesNotMatch", SENT, 403), "ClientError SignatureDoesNotMatch"),
        ],
        ids=["a broken answer", "a refused signature"],
    )
    def test_a_failed_renewal_is_told_without_what_was_sent_or_answered(
        self,
        stub: StubAws,
        static_credentials: None,
        caplog: pytest.LogCaptureFixture,
        answer: Answer,
        named: str,
    ) -> None:
        stub.answer = answer

        with pytest.raises(Outcome):
            AwsClients(attempts=1).assumed(AssumedRole(ROLE)).identity()

        (record,) = [record for record in caplog.records if record.name == "botocore.credentials"]
        assert vars(record)["error"] == named
        assert "sesame" not in caplog.text

    def test_a_web_identity_is_taken_when_its_token_appears(
        self, stub: StubAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = tmp_path / "token"
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        stub.answer = _with_web_identity
        account = AwsClients().own()
        assert reason_of(account) == Reason.CREDENTIALS_MISSING

        token.write_text("good")

        assert reason_of(account) is None
        assert stub.requests[-1].access_key == "ASIAFROMTOKEN"

    def test_the_end_of_lent_ones_is_a_metric_and_static_ones_have_none(
        self, stub: StubAws, tmp_path: Path, only_own_settings: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        registry, clients = CollectorRegistry(), AwsClients()
        watch_credentials(registry, clients.credentials_end, lambda: datetime(2098, 12, 31, 23, tzinfo=UTC))

        def left() -> float:
            return registry.get_sample_value("rds_enrollment_aws_credentials_expiry_seconds") or 0.0

        assert math.isnan(left()), "nobody has asked yet"
        (tmp_path / "token").write_text("good")
        stub.answer = _with_web_identity
        with monkeypatch.context() as irsa:
            irsa.setenv("AWS_ROLE_ARN", ROLE)
            irsa.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
            assert reason_of(clients.own()) is None
        assert left() == 3600.0

        static = AwsClients()
        write_key(only_own_settings, "AKIAFIRST")
        assert reason_of(static.own()) is None
        assert static.credentials_end() is None

    def test_a_web_identity_that_is_refused_names_the_exchange(
        self, stub: StubAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token = tmp_path / "token"
        token.write_text("refused")
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        stub.answer = _with_web_identity
        account = AwsClients().own()

        for use in (account.identity, lambda: get_cluster(account, REGION, "any")):
            with pytest.raises(Blocked, match=r"^sts:AssumeRoleWithWebIdentity") as caught:
                use()
            assert caught.value.reason == Reason.CREDENTIALS_INVALID

        token.write_text("")
        assert reason_of(account) == Reason.CREDENTIALS_INVALID
        token.write_text("good")
        assert reason_of(account) is None


def _with_web_identity(request: AwsRequest) -> Reply:
    if request.operation != "AssumeRoleWithWebIdentity":
        return caller_identity()
    if request.parameters["WebIdentityToken"] != "good":
        text = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        return error_reply("sts", "AccessDenied", text, 403)
    return xml(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>ASIAFROMTOKEN</AccessKeyId><SecretAccessKey>unit-test</SecretAccessKey>"
        "<SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )


class TestIdentity:
    def test_it_is_asked_once_per_access_key(self, stub: StubAws, static_credentials: None) -> None:
        account = AwsClients().own()

        assert {account.identity().arn for _ in range(3)} == {
            "arn:aws:sts::123456789012:assumed-role/operator/pod"
        }

        assert len(stub.requests) == 1

    def test_a_failure_is_not_remembered(self, stub: StubAws, static_credentials: None) -> None:
        account = AwsClients().own()
        stub.answer = Refusal("InvalidClientTokenId", status=403)
        assert reason_of(account) == Reason.CREDENTIALS_INVALID

        stub.answer = lambda _: caller_identity("210987654321", "aws-cn")

        assert account.identity().account == "210987654321"
        assert account.identity().partition == "aws-cn"

    def test_a_region_that_refuses_proven_credentials_is_not_enabled(
        self, stub: StubAws, static_credentials: None
    ) -> None:
        account = AwsClients().own()
        account.identity()
        stub.answer = Refusal("UnrecognizedClientException", "The security token is invalid.")

        with pytest.raises(Blocked, match="me-south-1") as caught:
            get_cluster(account, "me-south-1", "any")

        assert caught.value.reason == Reason.REGION_NOT_ENABLED
        stub.answer = lambda _: caller_identity()
        account.identity()
        assert [request.operation for request in stub.requests].count("GetCallerIdentity") == 2


class TestClients:
    def test_threads_share_one_client(self, stub: StubAws, static_credentials: None) -> None:
        account = AwsClients().own()
        start = threading.Barrier(8)

        def client() -> object:
            start.wait(timeout=30)
            return account.client("sts")

        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: client(), range(8)))

        assert len({id(one) for one in made}) == 1

    def test_few_connections_stay_open(
        self, sandbox: AwsSandbox, account: AwsAccount, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = established(sandbox.url)
        client = AwsClients(connections=4).own().client("sts")
        monkeypatch.setattr(sandbox, "latency", 0.2)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.get_caller_identity(), range(8)))

        assert len(answers) == 8
        assert 1 <= len(established(sandbox.url) - before) <= 4

    def test_those_of_many_accounts_use_the_same_connection_and_descriptions(
        self, sandbox: AwsSandbox, account: AwsAccount
    ) -> None:
        clients = AwsClients()
        roles = [AssumedRole(f"arn:aws:iam::{number:012d}:role/agents") for number in range(1, 4)]
        before = established(sandbox.url)

        made = [clients.assumed(role).client("sts") for role in roles]
        callers = [client.get_caller_identity()["Account"] for client in made]

        assert callers == [role.account for role in roles]
        assert len(established(sandbox.url) - before) == 1
        assert len({id(client.meta.service_model) for client in made}) == 1

    def test_the_least_recently_used_goes_first(self, stub: StubAws, static_credentials: None) -> None:
        account = AwsClients(capacity=2).own()
        first, second = account.client("ecs", "eu-west-1"), account.client("ecs", "eu-west-2")
        assert account.client("ecs", "eu-west-1") is first

        account.client("ecs", "eu-west-3")

        assert account.client("ecs", "eu-west-1") is first
        assert account.client("ecs", "eu-west-2") is not second

    def test_requests_say_who_sends_them(self, stub: StubAws, static_credentials: None) -> None:
        agents: list[str] = []
        client = AwsClients().own().client("sts")
        client.meta.events.register(
            "before-send.sts", lambda request, **_: agents.append(request.headers["User-Agent"].decode())
        )

        client.get_caller_identity()

        assert "rds-enrollment-operator/" in agents[0]

    def test_times_are_aware(self, stub: StubAws, static_credentials: None) -> None:
        stub.answer = lambda _: xml(
            "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>r</RoleName><Arn>a</Arn>"
            "<AssumeRolePolicyDocument>not%20json</AssumeRolePolicyDocument>"
            "<CreateDate>2026-01-02T03:04:05Z</CreateDate></Role></GetRoleResult></GetRoleResponse>"
        )
        account = AwsClients().own()

        role = account.client("iam").get_role(RoleName="r")["Role"]

        assert role["CreateDate"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        found = get_role(account, "r")
        assert found is not None
        assert found.trust == {}


class TestFips:
    @pytest.mark.parametrize(
        ("service", "region", "host"),
        [
            ("ecs", REGION, f"ecs-fips.{REGION}.amazonaws.com"),
            ("sts", "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
            ("iam", None, "iam-fips.amazonaws.com"),
        ],
    )
    def test_the_setting_and_boto3s_own_variable_choose_fips_endpoints(
        self,
        static_credentials: None,
        monkeypatch: pytest.MonkeyPatch,
        service: Any,
        region: str | None,
        host: str,
    ) -> None:
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        by_setting = AwsClients(fips=True).own().client(service, region)
        monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
        by_variable = AwsClients().own().client(service, region)

        assert by_setting.meta.endpoint_url == by_variable.meta.endpoint_url == f"https://{host}"
