"""The proxy before a kube-apiserver: passes on, streams, and cuts."""

import http.client
import socket
import threading
from dataclasses import dataclass, field

import pytest

from hack.sandbox.gate import Cut, Write
from hack.sandbox.kubernetes_gate import KubernetesGate
from tests.cluster.waiting import wait_until
from tests.unit.sandbox_kubernetes.upstream import Upstream

TIMEOUT = 10.0
FINALIZER = "/apis/rds-enrollment.dev/v1alpha1/namespaces/team/rdsenrollments/prod"
WATCH = "/apis/rds-enrollment.dev/v1alpha1/rdsenrollments?watch=true"


@dataclass
class Steps:
    """A gate that notes what passes it, and cuts at one step."""

    cut_at: str = ""
    seen: list[tuple[str, Write]] = field(default_factory=list)
    blocked: threading.Event = field(default_factory=threading.Event)
    """`before` returns when it is set."""

    def __post_init__(self) -> None:
        self.blocked.set()

    def before(self, write: Write) -> None:
        self._step("before", write)
        self.blocked.wait(TIMEOUT)

    def after(self, write: Write) -> None:
        self._step("after", write)

    def _step(self, name: str, write: Write) -> None:
        self.seen.append((name, write))
        if name == self.cut_at:
            raise Cut


def connect(gate: KubernetesGate) -> http.client.HTTPConnection:
    host, _, port = gate.url.removeprefix("http://").partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)


def send(
    gate: KubernetesGate, method: str, path: str, body: bytes = b"", token: str = ""
) -> tuple[int, bytes]:
    connection = connect(gate)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_read_is_passed_on_with_its_token_and_passes_no_gate(
    gate: KubernetesGate, upstream: Upstream
) -> None:
    gate.gate = steps = Steps()
    path = f"{FINALIZER}?labelSelector=a%2Cb%20c"
    assert send(gate, "GET", path, token="secret") == (200, b"")
    (request,) = upstream.requests
    assert (request.method, request.path, request.token) == ("GET", path, "Bearer secret")
    assert steps.seen == []
    assert gate.writes == []


@pytest.mark.parametrize(("body", "status"), [(b"[1]", 200), (b'["refuse"]', 409)])
def test_a_write_passes_the_gate_and_its_answer_comes_back(
    gate: KubernetesGate, upstream: Upstream, body: bytes, status: int
) -> None:
    gate.gate = steps = Steps()
    assert send(gate, "PATCH", FINALIZER, body) == (status, body)
    write = Write("kubernetes", "patch rdsenrollments", "team/prod")
    assert steps.seen == [("before", write), ("after", write)]
    assert gate.writes == [write]
    assert [request.body for request in upstream.requests] == [body]
    gate.reset()
    assert gate.writes == []


@pytest.mark.parametrize(("cut_at", "effects"), [("before", 0), ("after", 1)])
def test_a_cut_closes_the_connection_without_an_answer(
    gate: KubernetesGate, upstream: Upstream, cut_at: str, effects: int
) -> None:
    gate.gate = Steps(cut_at=cut_at)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        send(gate, "PATCH", FINALIZER, b"[]")
    assert len(upstream.requests) == effects
    gate.gate = None
    assert send(gate, "PATCH", FINALIZER, b"[]") == (200, b"[]")


def test_a_write_takes_its_course_when_its_client_is_gone(gate: KubernetesGate, upstream: Upstream) -> None:
    gate.gate = steps = Steps()
    steps.blocked.clear()
    connection = connect(gate)
    connection.request("PATCH", FINALIZER, b"[]")
    wait_until(lambda: len(steps.seen) == 1, "the write is at the gate")
    connection.close()
    steps.blocked.set()
    wait_until(lambda: len(steps.seen) == 2, "the write has taken effect")
    assert [request.method for request in upstream.requests] == ["PATCH"]


def test_a_watch_comes_event_by_event_and_ends_with_its_client(
    gate: KubernetesGate, upstream: Upstream
) -> None:
    connection = connect(gate)
    connection.request("GET", WATCH)
    answer = connection.getresponse()
    for _ in range(2):
        upstream.more.release()
        assert answer.read(6) == b"event\n"
    assert not upstream.watch_closed.is_set()
    answer.close()
    connection.close()
    assert upstream.watch_closed.wait(TIMEOUT)


def test_an_api_server_that_is_gone_is_a_closed_connection(gate: KubernetesGate, upstream: Upstream) -> None:
    port = int(upstream.url.rpartition(":")[2])
    upstream.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
    for method in ("GET", "PATCH"):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            send(gate, method, FINALIZER)


def test_a_port_that_is_taken_is_an_error(gate: KubernetesGate, upstream: Upstream) -> None:
    port = int(gate.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), KubernetesGate(upstream.url, upstream.pki.ca, port):
        pass
