"""Acting as a role of another account, over real HTTP."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.assumed_role import AssumedRole
from rds_enrollment.aws.ecs import get_cluster
from rds_enrollment.aws.iam import get_role
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.outcome import Blocked

from hack.sandbox.aws.pod_identity import ACCESS_KEY, pod_identity_agent
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from hack.sandbox.aws.world import World
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import StubAws, caller_identity, xml

OTHER = "222222222222"
ROLE = AssumedRole(f"arn:aws:iam::{OTHER}:role/rds-enrollment", "sesame")
TRUST = dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}},
    }
)


class Sts:
    """An STS that lends keys LENT1, LENT2, … for some time, and tells whose a key is."""

    def __init__(self, seconds: float = 3600) -> None:
        self.seconds = seconds
        self.lent = 0
        self.parameters: list[dict[str, Any]] = []
        self.refused: set[str] = set()
        self.lend = threading.Event()
        self.lend.set()
        self.asked = threading.Event()

    def __call__(self, request: AwsRequest) -> Reply:
        if request.access_key in self.refused:
            return error_reply(request.service, "ExpiredToken", "The security token is expired.", 403)
        if request.operation == "AssumeRole":
            self.parameters.append(dict(request.parameters))
            self.asked.set()
            assert self.lend.wait(10)
            self.lent += 1
            return self._credentials(f"LENT{self.lent}")
        if request.service == "ecs":
            return Reply(200, "application/x-amz-json-1.1", b'{"clusters": []}')
        return caller_identity(OTHER if request.access_key.startswith("LENT") else "123456789012")

    def _credentials(self, key: str) -> Reply:
        until = (datetime.now(UTC) + timedelta(seconds=self.seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return xml(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )


def test_a_role_acts_in_its_account(account: AwsAccount, clients: AwsClients, sandbox: AwsSandbox) -> None:
    World(sandbox.url, OTHER).client("iam", REGION).create_role(
        RoleName="theirs", AssumeRolePolicyDocument=TRUST
    )
    other = clients.assumed(ROLE)
    assert other == clients.assumed(ROLE) != account
    assert len({other, clients.assumed(ROLE), account, clients.own()}) == 2
    assert (other.identity().account, account.identity().account) == (OTHER, "123456789012")
    assert get_role(other, "theirs") is not None
    assert get_role(account, "theirs") is None


@pytest.mark.usefixtures("static_credentials")
def test_one_loan_serves_all_clients_of_a_role(stub: StubAws) -> None:
    sts = stub.answer = Sts()
    clients = AwsClients()
    for region in ("us-west-1", "eu-central-1"):
        get_cluster(clients.assumed(ROLE), region, "any")
        get_cluster(clients.own(), region, "any")
    assert clients.assumed(ROLE).identity().account == OTHER
    (loan,) = sts.parameters
    assert (loan["RoleArn"], loan["ExternalId"]) == (ROLE.arn, "sesame")
    assert "DurationSeconds" not in loan
    assert [call.access_key[:4] for call in stub.requests if call.service == "ecs"] == [
        "LENT",
        "AKIA",
        "LENT",
        "AKIA",
    ]


@pytest.mark.usefixtures("static_credentials")
def test_a_refusal_names_the_role_whose_credentials_are_refused(stub: StubAws) -> None:
    sts = stub.answer = Sts()
    sts.refused.add("LENT1")
    with pytest.raises(Blocked, match=f"sts:GetCallerIdentity on IAM role {ROLE.arn}: ExpiredToken"):
        AwsClients().assumed(ROLE).identity()


@pytest.mark.usefixtures("static_credentials")
def test_another_external_id_is_another_loan(stub: StubAws) -> None:
    sts = stub.answer = Sts()
    clients = AwsClients()
    clients.assumed(ROLE).identity()
    clients.assumed(AssumedRole(ROLE.arn)).identity()
    assert [loan.get("ExternalId") for loan in sts.parameters] == ["sesame", None]


@pytest.mark.usefixtures("static_credentials")
def test_credentials_are_renewed_while_others_go_on(stub: StubAws) -> None:
    """With less than 15 minutes to go, the first call renews and the rest do not wait for it."""
    sts = stub.answer = Sts(seconds=14 * 60)
    clients = AwsClients()
    account = clients.assumed(ROLE)
    get_cluster(account, REGION, "any")
    sts.lend.clear()
    sts.asked.clear()
    with ThreadPoolExecutor(2) as threads:
        renewing = threads.submit(get_cluster, account, REGION, "any")
        assert sts.asked.wait(10)
        assert threads.submit(get_cluster, account, REGION, "any").result(10) is None
        assert not renewing.done()
        sts.lend.set()
        assert renewing.result(10) is None
    assert stub.requests[-1].access_key == f"LENT{sts.lent}"


@pytest.mark.usefixtures("static_credentials")
def test_refused_credentials_are_given_up_for_that_role_alone(stub: StubAws) -> None:
    sts = stub.answer = Sts()
    clients = AwsClients()
    account, own = clients.assumed(ROLE), clients.own()
    own_client = own.client("ecs", REGION)
    get_cluster(account, REGION, "any")
    sts.refused = {"LENT1"}
    with pytest.raises(Blocked):
        get_cluster(account, REGION, "any")
    get_cluster(account, REGION, "any")
    assert stub.requests[-1].access_key == "LENT2"
    assert own.client("ecs", REGION) is own_client


@pytest.mark.usefixtures("static_credentials")
def test_a_role_that_does_not_trust_us_is_named(stub: StubAws) -> None:
    text = f"User: me is not authorized to perform: sts:AssumeRole on resource: {ROLE.arn}"
    stub.answer = lambda call: error_reply("sts", "AccessDenied", text, 403)
    with pytest.raises(Blocked, match="sts:AssumeRole on IAM role") as caught:
        AwsClients().assumed(ROLE).identity()
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert ROLE.arn in caught.value.message
    assert "sesame" not in caught.value.message


def test_pod_identity_lends_credentials(
    stub: StubAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stub.answer = Sts()
    with pod_identity_agent(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        clients = AwsClients()
        assert clients.own().identity().account == "123456789012"
        assert clients.assumed(ROLE).identity().account == OTHER
    assert {call.access_key for call in stub.requests} == {ACCESS_KEY, "LENT1"}
