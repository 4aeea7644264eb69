"""AWS over real HTTP: the sandbox for what works, a stub for what fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rds_enrollment.aws.network import LISTINGS, network_facts, read_listing
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.observed.network import NetworkFacts

from hack.sandbox.aws.ecs.timing import INSTANT
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import World
from tests.unit.aws.stub import StubAws

REGION = "us-west-1"


def read_networks(account: AwsAccount, region: str) -> NetworkFacts:
    """The networks of a region, one listing after the other."""
    listed = {name: read_listing(account, region, name) for name in LISTINGS}
    return network_facts(account, region, listed)


@pytest.fixture(autouse=True)
def only_own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No AWS setting of the machine reaches a test. Returns the path of the shared credentials file."""
    credentials = tmp_path / "credentials"
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return credentials


@pytest.fixture
def static_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unit-test")


@pytest.fixture(scope="module")
def server() -> Iterator[AwsSandbox]:
    with AwsSandbox(timing=INSTANT) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: AwsSandbox) -> AwsSandbox:
    """An empty AWS."""
    server.reset()
    return server


@pytest.fixture
def world(sandbox: AwsSandbox) -> World:
    return World(sandbox.url)


@pytest.fixture(scope="module")
def clients() -> AwsClients:
    """Shared by a module: new clients cost more than most tests. They read the environment at their first use."""
    return AwsClients()


@pytest.fixture
def account(
    clients: AwsClients, sandbox: AwsSandbox, static_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> AwsAccount:
    """The sandbox, as the operator sees it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
    return clients.own()


@pytest.fixture(scope="module")
def stub_server() -> Iterator[StubAws]:
    with StubAws() as server:
        yield server


@pytest.fixture
def stub(stub_server: StubAws, monkeypatch: pytest.MonkeyPatch) -> StubAws:
    """A stub that tells whose the credentials are, until a test gives it another answer."""
    stub_server.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", stub_server.url)
    return stub_server
