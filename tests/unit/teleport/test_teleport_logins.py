"""Logins through the sandbox's proxy and agents to a real PostgreSQL, and how refusals are told apart."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rds_enrollment.plan.diagnosis.login import LoginResult, LoginVerdict
from rds_enrollment.teleport.logins import Logins

from hack.sandbox.postgresql.server import IAM_ROLE, PostgresqlServer
from hack.sandbox.teleport.agents import AgentTiming
from hack.sandbox.teleport.middleboxes import LoadBalancer
from hack.sandbox.teleport.proxy import ProxySandbox
from hack.sandbox.teleport.roles import BOT_ROLE
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import ORDERS, FakeAws, database, task, token
from tests.unit.teleport.values import DATABASE
from tests.unit.teleport.ways_in import Place, network, now

SERVICE = "orders"
ROLE = replace(BOT_ROLE, db_users=frozenset({"*"}), db_names=frozenset({"shop", "absent", "closed"}))


class Cluster:
    """A cluster whose one agent serves `orders`, with a PostgreSQL behind it."""

    def __init__(self, place: Place, aws: FakeAws) -> None:
        self.place = place
        self.aws = aws

    async def log_in(
        self,
        user: str = "reader",
        name: str = "shop",
        *,
        service: str = SERVICE,
        end: str = "proxy",
        protocol: str = "postgres",
        seconds: float = 30.0,
    ) -> LoginVerdict:
        client = self.place.client(self.place.address(end))
        logins = Logins(client, network(self.place.proxy.ca_file), now, seconds)
        try:
            return await logins.attempt(replace(DATABASE, name=service, protocol=protocol), user, name)
        finally:
            client.close()


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with PostgresqlServer() as server:
        server.run("create database shop")
        server.run("create database closed")
        server.run("revoke connect on database closed from public")
        server.run(f"create role reader login in role {IAM_ROLE}")
        server.run("create role stranger login")
        yield server


@contextmanager
def cluster_before(postgresql: str, tmp_path: Path) -> Iterator[Cluster]:
    """`postgresql` is the host:port that the agent leads to."""
    aws = FakeAws()
    timing = AgentTiming(join_delay=timedelta(0))
    with (
        TeleportSandbox(tasks=aws, role=ROLE, agent_timing=timing) as teleport,
        ProxySandbox(teleport, postgresql=postgresql) as proxy,
        LoadBalancer(proxy) as balancer,
    ):
        teleport.resources.tokens.create(token())
        teleport.resources.databases.create(database())
        aws.tasks.append(task())
        teleport.agents.tick()
        teleport.agents.tick()
        identity = teleport.authority.write_identity(tmp_path / "identity", "bot-test")
        yield Cluster(Place(teleport, proxy, balancer, identity), aws)


@pytest.fixture
def cluster(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Cluster]:
    with cluster_before(postgresql.address, tmp_path) as cluster:
        yield cluster


@pytest.mark.parametrize("end", ["proxy", "balancer"])
async def test_a_login_reaches_the_database(cluster: Cluster, end: str) -> None:
    assert await cluster.log_in(end=end) == LoginVerdict(LoginResult.LOGGED_IN)


async def test_past_the_auth_service_it_leads_through_the_proxy_that_the_cluster_publishes(
    cluster: Cluster,
) -> None:
    cluster.place.teleport.proxy_address = cluster.place.proxy.address
    assert (await cluster.log_in(end="auth")).result is LoginResult.LOGGED_IN


@pytest.mark.parametrize(
    ("user", "name", "result", "said"),
    [
        ("nobody", "shop", LoginResult.USER_REFUSED, 'password authentication failed for user "nobody"'),
        ("stranger", "shop", LoginResult.USER_REFUSED, 'password authentication failed for user "stranger"'),
        ("reader", "absent", LoginResult.DATABASE_NOT_FOUND, 'database "absent" does not exist'),
        ("reader", "closed", LoginResult.CONNECT_DENIED, 'permission denied for database "closed"'),
        ("reader", "other", LoginResult.ACCESS_DENIED, "does not have permissions"),
    ],
)
async def test_what_postgresql_or_the_role_refuses(
    cluster: Cluster, user: str, name: str, result: LoginResult, said: str
) -> None:
    verdict = await cluster.log_in(user, name)
    assert verdict.result is result
    assert said in verdict.said
    assert verdict.advice


async def test_what_iam_refuses(cluster: Cluster) -> None:
    cluster.aws.refused_users.add("reader")
    verdict = await cluster.log_in()
    assert verdict.result is LoginResult.IAM_REFUSED
    assert 'PAM authentication failed for user "reader"' in verdict.said


async def test_a_database_that_the_agent_does_not_reach(cluster: Cluster) -> None:
    cluster.aws.errors[ORDERS, 5432] = "dial tcp 10.0.1.9:5432: i/o timeout"
    verdict = await cluster.log_in()
    assert verdict.result is LoginResult.DATABASE_UNREACHABLE
    assert "10.0.1.9:5432: i/o timeout" in verdict.said


@pytest.mark.parametrize("end", ["proxy", "balancer"])
async def test_an_agent_that_waits_for_the_database_in_vain(end: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with cluster_before(address, tmp_path) as cluster:
            verdict = await cluster.log_in(end=end, seconds=0.5)
    assert verdict.result is LoginResult.DATABASE_UNREACHABLE
    assert "no answer to it came in 0.5 s" in verdict.said


async def test_an_agent_that_died_without_a_farewell(cluster: Cluster) -> None:
    cluster.place.teleport.agents.stops_gracefully = False
    cluster.aws.tasks.clear()
    cluster.place.teleport.agents.tick()
    assert (await cluster.log_in()).result is LoginResult.AGENT_OFFLINE


async def test_a_database_that_no_agent_serves(cluster: Cluster) -> None:
    assert (await cluster.log_in(service="billing")).result is LoginResult.NOT_SERVED


async def test_an_identity_that_may_not_ask_for_certificates(cluster: Cluster) -> None:
    cluster.place.teleport.authority.write_identity(cluster.place.identity, "bot-test", may_reissue=False)
    verdict = await cluster.log_in()
    assert verdict.result is LoginResult.CERTIFICATE_REFUSED
    assert "not allowed to reissue" in verdict.said
    assert "allow_reissue" in verdict.advice


async def test_a_proxy_that_cannot_be_reached(cluster: Cluster) -> None:
    cluster.place.teleport.proxy_address = "localhost:9"
    verdict = await cluster.log_in(end="auth")
    assert verdict.result is LoginResult.PROXY_UNREACHABLE
    assert "localhost:9" in verdict.said


async def test_a_proxy_without_tls_routing(cluster: Cluster) -> None:
    cluster.place.teleport.proxy_address = cluster.place.proxy.address
    cluster.place.proxy.tls_routing = False
    verdict = await cluster.log_in(end="auth")
    assert verdict.result is LoginResult.PROXY_UNREACHABLE
    assert "TLS routing off" in verdict.said


async def test_another_protocol_is_not_tried(cluster: Cluster) -> None:
    verdict = await cluster.log_in(protocol="mysql")
    assert verdict == LoginVerdict(LoginResult.NOT_TRIED, "It speaks mysql.")
    assert cluster.place.teleport.calls["proto.AuthService/GenerateUserCerts"] == 0
