"""The error table, against answers in the shapes of the protocols and failures of a real network."""

import socket
import threading
from pathlib import Path

import pytest
from botocore.exceptions import OperationNotPageableError
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws import ecs, iam
from rds_enrollment.aws.apply import _WRITES
from rds_enrollment.aws.error_table import TABLE
from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.outcome import Blocked, Outcome, Terminal, Transient, Waiting
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps import insights as insights_steps
from rds_enrollment.plan.steps import logs as log_steps
from rds_enrollment.plan.steps import security_groups as group_steps
from rds_enrollment.plan.steps.aws import AwsStep

from hack.sandbox.aws.wire import AwsRequest, Reply
from tests.unit.aws.answers import (
    ANSWERS,
    OWN_ROLE_ANSWERS,
    Call,
    Case,
    caller,
    cluster,
    create_service,
    get_role,
    subnets,
)
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import Answer, CutError, Refusal, StubAws, caller_identity


def failure(account: AwsAccount, call: Call) -> Outcome:
    with pytest.raises(Outcome) as caught:
        call(account)
    return caught.value


@pytest.fixture(scope="module")
def clients() -> AwsClients:
    """Without patience: a failure is not tried again."""
    return AwsClients(attempts=1)


@pytest.fixture
def account(clients: AwsClients, stub: StubAws, static_credentials: None) -> AwsAccount:
    """Whose every call meets the stub."""
    return clients.own()


class TestAnswers:
    @pytest.mark.parametrize(
        "case", ANSWERS, ids=[f"{case.codes.split()[0]}-{case.reason}" for case in ANSWERS]
    )
    def test_an_answer_ends_the_pass_as_it_should(
        self, stub: StubAws, account: AwsAccount, case: Case
    ) -> None:
        for code in case.codes.split():
            stub.answer = _answering(case, code)

            outcome = failure(account, case.call)

            assert (type(outcome), outcome.reason) == (case.outcome, case.reason), code
            assert code in outcome.message
            assert failure(account, case.call).message == outcome.message, (
                "a failure that repeats reads the same"
            )
            assert not isinstance(outcome, Waiting) or outcome.after >= 5.0

    @pytest.mark.parametrize("code", OWN_ROLE_ANSWERS)
    def test_a_refused_exchange_for_the_own_role_is_about_credentials(
        self, stub: StubAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
    ) -> None:
        (tmp_path / "token").write_text("token")
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/operator")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        stub.answer = Refusal(code)

        outcome = failure(AwsClients(attempts=1).own(), cluster)

        assert (type(outcome), outcome.reason) == OWN_ROLE_ANSWERS[code]
        assert outcome.message.startswith("sts:AssumeRoleWithWebIdentity")

    def test_no_code_of_the_table_goes_untested(self) -> None:
        tested = {code for case in ANSWERS for code in case.codes.split()} | set(OWN_ROLE_ANSWERS)

        assert {code for row in TABLE for code in row.codes} <= tested


def _answering(case: Case, code: str) -> Answer:
    """The case's refusal, but of nothing that the call needs first."""
    refusal = Refusal(code, case.text, case.status)

    def answer(request: AwsRequest) -> Reply:
        if request.operation == "GetCallerIdentity" and case.call is not caller:
            return caller_identity()
        return refusal(request)

    return answer


class TestMessages:
    def test_a_denial_names_what_to_allow(self, stub: StubAws, account: AwsAccount) -> None:
        stub.answer = Refusal(
            "AccessDeniedException",
            "User: arn:aws:sts::123456789012:assumed-role/operator/pod is not authorized to perform: "
            "iam:PassRole on resource: arn:aws:iam::123456789012:role/agents because no identity-based policy "
            "allows the iam:PassRole action",
        )

        message = failure(account, create_service).message

        assert message.startswith(
            "ecs:CreateService on ECS service s: AccessDeniedException: User: arn:aws:sts"
        )
        assert "Allow iam:PassRole on arn:aws:iam::123456789012:role/agents in a policy" in message

    def test_a_denial_without_details_names_the_operation(self, stub: StubAws, account: AwsAccount) -> None:
        stub.answer = Refusal(
            "UnauthorizedOperation", "You are not authorized to perform this operation.", 403
        )

        assert "Allow ec2:DescribeSubnets on the resource" in failure(account, subnets).message

    def test_an_explicit_deny_cannot_be_healed_by_allowing(self, stub: StubAws, account: AwsAccount) -> None:
        text = (
            "User: arn:x is not authorized to perform: iam:GetRole on resource: role r with an explicit deny"
        )
        stub.answer = Refusal("AccessDenied", f"{text} in a service control policy", 403)

        outcome = failure(account, get_role)

        assert outcome.reason == Reason.ACCESS_DENIED
        assert "A policy denies iam:GetRole explicitly" in outcome.message
        assert "Allow " not in outcome.message

    def test_texts_are_cut_to_what_a_condition_can_hold(self, stub: StubAws, account: AwsAccount) -> None:
        stub.answer = Refusal("ClientException", "so   it\n goes " * 500)

        outcome = failure(account, lambda one: ecs.get_cluster(one, REGION, "c" * 2000))

        assert "so it goes so it goes" in outcome.message
        assert len(outcome.message.encode()) <= 1024

    def test_texts_of_aws_are_quoted_and_never_carried_out(self, stub: StubAws, account: AwsAccount) -> None:
        """Nor is an action that AWS names: the advice is a template, what goes into it is none."""
        text = "{0.__class__} {action} %s ${x} $(id) `id` {{7*7}} not authorized to perform: ecs:{target}"
        stub.answer = Refusal("AccessDeniedException", f"{text}\r\n\x1b[2J\x00 --- forged: true", 403)
        message = failure(account, cluster).message
        assert text in message
        assert message.isprintable()

    def test_an_encoded_authorization_message_is_left_out(self, stub: StubAws, account: AwsAccount) -> None:
        text = "You are not authorized. Encoded authorization failure message: aGVsbG8"
        stub.answer = Refusal("UnauthorizedOperation", text, 403)

        assert "aGVsbG8" not in failure(account, subnets).message


class TestNoAnswer:
    def test_a_closed_connection_is_transient(self, stub: StubAws, account: AwsAccount) -> None:
        def cut(_: AwsRequest) -> Reply:
            raise CutError

        stub.answer = cut

        outcome = failure(account, cluster)

        assert isinstance(outcome, Transient)
        assert outcome.reason == Reason.AWS_UNAVAILABLE
        assert "ConnectionClosedError" in outcome.message

    def test_a_server_that_never_answers_is_transient(self, stub: StubAws, static_credentials: None) -> None:
        over = threading.Event()

        def wait(_: AwsRequest) -> Reply:
            over.wait(30)
            raise CutError

        stub.answer = wait

        outcome = failure(AwsClients(attempts=1, read_timeout=0.2).own(), cluster)
        over.set()

        assert isinstance(outcome, Transient)
        assert "ReadTimeoutError" in outcome.message

    def test_a_closed_port_is_transient(
        self, static_credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")

            outcome = failure(AwsClients(attempts=1).own(), cluster)

        assert isinstance(outcome, Transient)
        assert "EndpointConnectionError" in outcome.message
        assert "AWS_ENDPOINT_URL" in outcome.message

    def test_a_full_backlog_is_transient(
        self, static_credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            for waiting in (first, second):  # one is accepted by the kernel; from then on nobody is answered
                waiting.setblocking(False)
                waiting.connect_ex(deaf.getsockname())
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}")

            outcome = failure(AwsClients(attempts=1, connect_timeout=0.3).own(), cluster)

        assert isinstance(outcome, Transient)
        assert "ConnectTimeoutError" in outcome.message

    def test_a_server_that_does_not_speak_tls_is_transient(
        self, stub: StubAws, static_credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url.replace("http://", "https://"))

        outcome = failure(AwsClients(attempts=1).own(), cluster)

        assert isinstance(outcome, Transient)
        assert "AWS_CA_BUNDLE" in outcome.message

    @pytest.mark.parametrize("call", [get_role, subnets, cluster])
    def test_an_answer_that_cannot_be_parsed_is_transient(
        self, stub: StubAws, account: AwsAccount, call: Call
    ) -> None:
        stub.answer = lambda _: Reply(200, "text/html", b"<html>welcome to the hotel")

        outcome = failure(account, call)

        assert isinstance(outcome, Transient)
        assert outcome.reason == Reason.AWS_UNAVAILABLE

    def test_an_html_answer_of_a_proxy_goes_by_its_status(self, stub: StubAws, account: AwsAccount) -> None:
        stub.answer = lambda _: Reply(502, "text/html", b"<html>bad gateway</html>")

        assert isinstance(failure(account, cluster), Transient)

    def test_a_region_that_cannot_be_one_is_terminal(self, account: AwsAccount) -> None:
        outcome = failure(account, lambda one: ecs.get_cluster(one, "us west 1!", "c"))

        assert isinstance(outcome, Terminal)
        assert outcome.reason == Reason.INVALID_SPEC

    def test_a_value_that_the_api_does_not_allow_is_terminal(self, account: AwsAccount) -> None:
        outcome = failure(account, lambda one: iam.get_role(one, ""))

        assert isinstance(outcome, Terminal)
        assert "RoleName" in outcome.message

    def test_an_endpoint_without_scheme_says_so(
        self, static_credentials: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")

        outcome = failure(AwsClients().own(), caller)

        assert isinstance(outcome, Blocked)
        assert "localhost:4566" in outcome.message
        assert "Set AWS_ENDPOINT_URL to a whole URL" in outcome.message

    def test_a_config_file_that_is_none_is_blocked(
        self, stub: StubAws, static_credentials: None, tmp_path: Path
    ) -> None:
        (tmp_path / "config").write_text("not a section")

        outcome = failure(AwsClients().own(), caller)

        assert isinstance(outcome, Blocked)
        assert outcome.reason == Reason.CREDENTIALS_INVALID

    def test_a_bug_is_not_translated(self) -> None:
        bug = OperationNotPageableError(operation_name="describe_clusters")

        with pytest.raises(OperationNotPageableError), translated("ecs:DescribeClusters", "any"):
            raise bug


def test_every_step_has_its_write() -> None:
    modules = (ecs_steps, iam_steps, log_steps, group_steps, insights_steps)
    named = [value for module in modules for value in vars(module).values()]
    kinds = {kind for kind in named if isinstance(kind, type) and issubclass(kind, AwsStep)}

    assert set(_WRITES) == {kind for kind in kinds if not kind.__subclasses__()}
