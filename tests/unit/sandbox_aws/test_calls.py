"""The layer around moto: counting, the order of writes, the gate, latency, connections, admin."""

import http.client
import json
import socket
import threading
import time
from typing import Any
from urllib.parse import urlparse

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from hack.sandbox.aws.calls import WriteCall
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.wire import AwsRequest, parse_request
from hack.sandbox.aws.world import Vpc, World
from hack.sandbox.gate import Cut, Write

from .support import ACCOUNT, CLUSTER, HANG, REGION, Aws, refusal


class Recorder:
    """A gate that remembers, and cuts where it is told to."""

    def __init__(self, cut_before: str = "", cut_after: str = "") -> None:
        self.seen: list[tuple[str, Write]] = []
        self._cut = {"before": cut_before, "after": cut_after}

    def before(self, write: Write) -> None:
        self._pass("before", write)

    def after(self, write: Write) -> None:
        self._pass("after", write)

    def _pass(self, moment: str, write: Write) -> None:
        self.seen.append((moment, write))
        if self._cut[moment] == write.operation:
            raise Cut


def test_a_request_that_broke_off_is_none(sandbox: AwsSandbox) -> None:
    """As of a process that is killed between the head and the body."""
    asked: list[str] = []
    sandbox.witness = lambda request, _: asked.append(request.name)
    where = urlparse(sandbox.url)
    scope = f"Credential=AKIAOPERATOR/20260101/{REGION}/ecs/aws4_request"
    head = (
        "POST / HTTP/1.1",
        f"Host: {where.netloc}",
        "X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListTasks",
        f"Authorization: AWS4-HMAC-SHA256 {scope}",
        "Content-Type: application/x-amz-json-1.1",
        "Content-Length: 20",
    )
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=HANG) as connection:
        connection.sendall("\r\n".join((*head, "", "{")).encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert asked == []
    assert not sandbox.calls.counts


def test_calls_are_counted_and_writes_kept_in_order(sandbox: AwsSandbox, aws: Aws) -> None:
    aws.client("sts").get_caller_identity()
    aws.client("ec2").describe_vpcs()
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.create_role("agents")
    aws.iam.put_role_policy(
        RoleName="agents",
        PolicyName="inline",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}],
            }
        ),
    )
    aws.iam.get_role(RoleName="agents")
    assert sandbox.calls.counts == {
        "sts:GetCallerIdentity": 1,
        "ec2:DescribeVpcs": 1,
        "ecs:CreateCluster": 1,
        "iam:CreateRole": 1,
        "iam:PutRolePolicy": 1,
        "iam:GetRole": 1,
    }
    assert sandbox.calls.writes == [
        WriteCall("ecs:CreateCluster", REGION, ACCOUNT, CLUSTER),
        WriteCall("iam:CreateRole", REGION, ACCOUNT, "agents"),
        WriteCall("iam:PutRolePolicy", REGION, ACCOUNT, "agents/inline"),
    ]


def test_building_a_world_leaves_no_trace(sandbox: AwsSandbox, vpc: Vpc) -> None:
    sandbox.gate = recorder = Recorder()
    World(sandbox.url).seed_instance(vpc, "orders")
    assert sandbox.calls.counts == {}
    assert recorder.seen == []


@pytest.mark.parametrize(
    ("name", "is_write"),
    [
        ("ecs:DescribeServices", False),
        ("ecs:ListTasks", False),
        ("iam:GetRole", False),
        ("logs:FilterLogEvents", False),
        ("sts:AssumeRole", False),
        ("ecs:CreateService", True),
        ("logs:PutLogEvents", True),
        ("ecs:StopTask", True),
    ],
)
def test_reads_are_told_from_writes(name: str, is_write: bool) -> None:
    service, operation = name.split(":")
    assert AwsRequest(service, operation, REGION, "").is_write is is_write


def test_a_web_identity_call_has_no_signature() -> None:
    body = b"Action=AssumeRoleWithWebIdentity&RoleArn=a"
    request = parse_request({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, body)
    assert request is not None
    assert request.name == "sts:AssumeRoleWithWebIdentity"


def test_the_gate_sees_each_write_twice_and_no_read(sandbox: AwsSandbox, aws: Aws) -> None:
    sandbox.gate = recorder = Recorder()
    aws.ecs.create_cluster(clusterName=CLUSTER)
    aws.ecs.describe_clusters(clusters=[CLUSTER])
    write = Write("aws", "ecs:CreateCluster", CLUSTER)
    assert recorder.seen == [("before", write), ("after", write)]


def test_a_cut_before_the_write_leaves_no_effect(sandbox: AwsSandbox, aws: Aws) -> None:
    sandbox.gate = Recorder(cut_before="ecs:CreateCluster")
    with pytest.raises(ConnectionClosedError):
        aws.ecs.create_cluster(clusterName=CLUSTER)
    sandbox.gate = None
    assert aws.ecs.list_clusters()["clusterArns"] == []


def test_a_cut_after_the_write_loses_only_the_answer(sandbox: AwsSandbox, aws: Aws) -> None:
    sandbox.gate = Recorder(cut_after="ecs:CreateCluster")
    with pytest.raises(ConnectionClosedError):
        aws.ecs.create_cluster(clusterName=CLUSTER)
    sandbox.gate = None
    assert len(aws.ecs.list_clusters()["clusterArns"]) == 1


def test_reads_are_served_while_a_gate_holds_a_write(sandbox: AwsSandbox, aws: Aws) -> None:
    arrived, release = threading.Event(), threading.Event()

    class Hold(Recorder):
        def before(self, write: Write) -> None:
            arrived.set()
            release.wait()

    sandbox.gate = Hold()
    writer = threading.Thread(target=lambda: aws.ecs.create_cluster(clusterName=CLUSTER))
    writer.start()
    arrived.wait()
    assert Aws(sandbox.url).ecs.list_clusters()["clusterArns"] == []
    release.set()
    writer.join()
    assert len(aws.ecs.list_clusters()["clusterArns"]) == 1


def test_latency_is_added_to_calls(sandbox: AwsSandbox, aws: Aws) -> None:
    aws.ecs.list_clusters()
    sandbox.latencies["ecs:ListClusters"] = 0.2
    started = time.monotonic()
    aws.ecs.list_clusters()
    assert time.monotonic() - started >= 0.2


def test_a_connection_serves_many_requests(sandbox: AwsSandbox) -> None:
    address = urlparse(sandbox.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    sockets = set()
    for _ in range(3):
        connection.request("GET", "/_sandbox/calls")
        assert connection.getresponse().read()
        sockets.add(connection.sock)
    connection.close()
    assert len(sockets) == 1
    assert None not in sockets


def test_it_listens_on_loopback_only(sandbox: AwsSandbox) -> None:
    assert urlparse(sandbox.url).hostname == "127.0.0.1"


def test_unknown_actions_get_an_aws_error(aws: Aws) -> None:
    code, _ = refusal(
        lambda: aws.iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/agents", ActionNames=["ecs:CreateCluster"]
        )
    )
    assert code == "InvalidAction"
    code, _ = refusal(lambda: aws.client("ec2").describe_network_insights_access_scopes())
    assert code == "InvalidAction"
    code, _ = refusal(lambda: aws.ecs.list_services_by_namespace(namespace="n"))
    assert code == "UnknownOperationException"


def test_accounts_are_apart(sandbox: AwsSandbox, aws: Aws) -> None:
    assumed = aws.client("sts").assume_role(
        RoleArn="arn:aws:iam::222222222222:role/operator", RoleSessionName="test"
    )["Credentials"]
    theirs = aws.client("ecs", key=assumed["AccessKeyId"], token=assumed["SessionToken"])
    theirs.create_cluster(clusterName="theirs")
    assert aws.ecs.list_clusters()["clusterArns"] == []
    assert sandbox.calls.writes == [WriteCall("ecs:CreateCluster", REGION, "222222222222", "theirs")]


def test_reset_empties_the_world(sandbox: AwsSandbox, aws: Aws, vpc: Vpc) -> None:
    aws.deploy(vpc)
    aws.steady()
    sandbox.reset()
    assert sandbox.calls.counts == {}
    assert sandbox.running_tasks() == []
    assert aws.ecs.list_clusters()["clusterArns"] == []
    with pytest.raises(ClientError):
        aws.iam.get_role(RoleName="agents")


def test_one_sandbox_a_process(sandbox: AwsSandbox) -> None:
    with pytest.raises(RuntimeError, match="another AwsSandbox"), AwsSandbox():
        pass


def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match="in use"), AwsSandbox(port=port):
            pass
    with AwsSandbox() as after:
        assert Aws(after.url).ecs.list_clusters()["clusterArns"] == []


def test_the_admin_side_over_http(sandbox: AwsSandbox, aws: Aws) -> None:
    aws.ecs.create_cluster(clusterName=CLUSTER)

    address = urlparse(sandbox.url)

    def ask(path: str, method: str = "GET") -> dict[str, Any]:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=HANG)
        connection.request(method, f"/_sandbox/{path}")
        document: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return document

    calls = ask("calls")
    assert calls["counts"] == {"ecs:CreateCluster": 1}
    assert [write["target"] for write in calls["writes"]] == [CLUSTER]
    assert ask("tasks") == {"tasks": []}
    ask("reset", "POST")
    assert ask("calls") == {"counts": {}, "writes": []}
