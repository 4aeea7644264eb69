"""Which tasks become agents."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from rds_enrollment.teleport.wire.token_pb2 import TokenRule

from hack.sandbox.teleport.join import matches_arn
from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import (
    ACCOUNT,
    PROXY,
    ROLE,
    ROLE_ARN,
    TASK,
    TOKEN,
    FakeAws,
    ManualClock,
    command,
    config,
    task,
    token,
    wait_until,
)


@pytest.fixture
def cluster(aws: FakeAws, clock: ManualClock) -> Iterator[TeleportSandbox]:
    """Not started: time and agents move only when the test says so."""
    sandbox = TeleportSandbox(tasks=aws, clock=clock)
    yield sandbox
    sandbox.close()


def run(cluster: TeleportSandbox, clock: ManualClock) -> None:
    """Let the join delay pass."""
    cluster.agents.tick()
    clock.advance(0.3)
    cluster.agents.tick()


def reasons(cluster: TeleportSandbox) -> list[str]:
    return [failure.reason for failure in cluster.agents.join_failures]


def with_config(**changes: Any) -> dict[str, Any]:
    return {"command": command(yaml.safe_dump(config(**changes)))}


def teleport(**changes: Any) -> dict[str, Any]:
    return {"teleport": {**config()["teleport"], **changes}}


@pytest.mark.parametrize(
    ("rule", "role_arn"),
    [
        (TokenRule(AWSAccount=ACCOUNT), ROLE_ARN),
        (TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"), ROLE_ARN),
        (TokenRule(AWSARN="arn:aws:sts::*:assumed-role/Teleport?atabaseAccess/*"), ROLE_ARN),
        (TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/0123456789abcdef"), ROLE_ARN),
        (
            TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),
            f"arn:aws:iam::{ACCOUNT}:role/some/path/{ROLE}",
        ),
        (
            TokenRule(AWSAccount=ACCOUNT, AWSARN=f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),
            f"arn:aws-cn:iam::{ACCOUNT}:role/{ROLE}",
        ),
    ],
    ids=["account", "any session", "wildcards", "one session", "role with a path", "another partition"],
)
def test_a_task_whose_role_a_rule_matches_joins(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock, rule: TokenRule, role_arn: str
) -> None:
    cluster.resources.tokens.put(token(TOKEN, TokenRule(AWSAccount="999999999999"), rule))
    aws.tasks = [task(task_role_arn=role_arn)]
    run(cluster, clock)
    assert list(cluster.agents.joined) == [TASK]
    assert reasons(cluster) == []


@pytest.mark.parametrize(
    ("rule", "role_arn", "reason"),
    [
        (TokenRule(AWSAccount="999999999999"), ROLE_ARN, "no allow rule"),
        (TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/Other/*"), ROLE_ARN, "no allow rule"),
        (TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}"), ROLE_ARN, "no allow rule"),
        (TokenRule(AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE_ARN}/*"), ROLE_ARN, "no allow rule"),
        (
            TokenRule(AWSAccount="999999999999", AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),
            ROLE_ARN,
            "no allow rule",
        ),
        (TokenRule(AWSAccount=ACCOUNT), "", "no AWS credentials"),
    ],
    ids=["account", "role", "no session", "a whole ARN as role", "account and role", "no role"],
)
def test_a_task_whose_role_no_rule_matches_is_kept_out(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock, rule: TokenRule, role_arn: str, reason: str
) -> None:
    cluster.resources.tokens.put(token(TOKEN, rule))
    aws.tasks = [task(task_role_arn=role_arn)]
    run(cluster, clock)
    assert cluster.agents.joined == {}
    assert reason in reasons(cluster)[0]
    assert cluster.resources.database_services.list() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"command": ["teleport", "start", "--config-string", "%%%"]}, "base64"),
        (with_config(**teleport(proxy_server="other.example.com:443")), PROXY),
        (
            with_config(**teleport(join_params={"token_name": TOKEN, "method": "token"})),
            "join method 'token'",
        ),
        (
            with_config(**teleport(join_params={"token_name": "other", "method": "iam"})),
            "token 'other' is not found",
        ),
        (with_config(auth_service={"enabled": "yes"}), "auth_service is enabled"),
        (with_config(ssh_service={"enabled": "yes"}), "ssh_service is enabled"),
        (with_config(db_service={"enabled": "no"}), "db_service is not enabled"),
    ],
)
def test_a_task_with_a_wrong_configuration_is_kept_out(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock, changes: dict[str, Any], reason: str
) -> None:
    cluster.resources.tokens.put(token())
    aws.tasks = [task(**changes)]
    run(cluster, clock)
    assert cluster.agents.joined == {}
    assert reason in reasons(cluster)[0]


def test_a_token_without_the_database_role_admits_no_agent(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    cluster.resources.tokens.put(token(roles=("Node", "App")))
    aws.tasks = [task()]
    run(cluster, clock)
    assert "does not allow role Db" in reasons(cluster)[0]


def test_nobody_joins_before_the_delay_is_over(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    cluster.resources.tokens.put(token())
    aws.tasks = [task()]
    cluster.agents.tick()
    clock.advance(0.29)
    cluster.agents.tick()
    assert (cluster.agents.joined, reasons(cluster)) == ({}, [])


def test_a_refused_task_tries_again_and_joins_when_the_token_is_there(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    aws.tasks = [task()]
    run(cluster, clock)
    clock.advance(0.9)
    cluster.agents.tick()
    assert [failure.attempts for failure in cluster.agents.join_failures] == [1]
    clock.advance(0.1)
    cluster.agents.tick()
    assert [failure.attempts for failure in cluster.agents.join_failures] == [2]
    cluster.resources.tokens.put(token())
    clock.advance(1)
    cluster.agents.tick()
    assert list(cluster.agents.joined) == [TASK]


def test_a_joined_agent_does_not_need_its_token_any_more(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    cluster.resources.tokens.put(token())
    aws.tasks = [task()]
    run(cluster, clock)
    cluster.resources.tokens.delete(TOKEN)
    clock.advance(60)
    cluster.agents.tick()
    assert list(cluster.agents.joined) == [TASK]


def test_after_a_reset_running_tasks_join_anew(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    cluster.resources.tokens.put(token())
    aws.tasks = [task()]
    run(cluster, clock)
    first = cluster.agents.joined[TASK].host_id
    cluster.reset()
    assert cluster.agents.joined == {}
    cluster.resources.tokens.put(token())
    run(cluster, clock)
    assert cluster.agents.joined[TASK].host_id != first


def test_a_started_cluster_lets_agents_join_by_itself(aws: FakeAws) -> None:
    aws.tasks = [task()]
    with TeleportSandbox(tasks=aws, clock=lambda: datetime.now(UTC)) as sandbox:
        sandbox.resources.tokens.put(token())
        wait_until(lambda: TASK in sandbox.agents.joined)


@pytest.mark.parametrize(
    ("pattern", "arn", "matches"),
    [
        ("a*c", "abbc", True),
        ("a*c", "a/b/c", True),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("a.c", "abc", False),
        ("abc", "abcd", False),
        ("*", "", True),
    ],
)
def test_wildcards_of_an_arn(pattern: str, arn: str, matches: bool) -> None:
    assert matches_arn(pattern, arn) is matches


def test_what_keeps_an_agent_from_joining_is_logged_as_teleport_tells_it(
    cluster: TeleportSandbox, aws: FakeAws, clock: ManualClock
) -> None:
    aws.tasks = [task()]
    run(cluster, clock)
    cluster.resources.tokens.put(token(TOKEN, TokenRule(AWSAccount="000000000000")))
    clock.advance(1)
    cluster.agents.tick()
    cluster.agents.faults[task().service_name] = "dial tcp 203.0.113.20:443: i/o timeout"
    clock.advance(1)
    cluster.agents.tick()
    told = [line.partition("error:")[2] for line in aws.logged]
    assert told == [
        "[token expired or not found]",
        "[instance did not match any allow rules]",
        "[dial tcp 203.0.113.20:443: i/o timeout]",
    ]
    assert cluster.agents.joined == {}
