"""How a diagnosis is drawn."""

from dataclasses import replace

import click
from rds_enrollment.cli.diagnosis import draw
from rds_enrollment.controllers.deployment_views import (
    AgentView,
    DatabaseView,
    DeploymentReport,
    FailedTask,
    HopView,
    LoginView,
    Statement,
)

BLOCKED = DatabaseView(
    name="orders",
    address="orders.rds.example.com:5432",
    way="blocked",
    message="From subnet-1 the database is not reached.",
    agents=(AgentView(host="ip-10-0-0-4", status="unhealthy", error="dial tcp: i/o timeout\x1b[2J"),),
    hops=(
        HopView(id="subnet-1", detail="task at 10.0.0.4"),
        HopView(id="sg-1", detail="outbound rule all 0.0.0.0/0"),
        HopView(id="sg-2", detail="lets nobody in", blocks=True),
    ),
    assumptions=(),
    reached=False,
)
OPEN = DatabaseView(
    name="billing",
    address="billing.rds.example.com:3306",
    way="open",
    message="",
    agents=(),
    hops=(HopView(id="subnet-1", detail="task at 10.0.0.4"), HopView(id="billing", detail="10.0.1.9:3306")),
    assumptions=("What is behind pcx-1 is not seen.",),
    reached=True,
)
REPORT = DeploymentReport(
    namespace="team",
    name="agents",
    region="us-west-1",
    vpc_id="vpc-1",
    healthy=False,
    wanted=2,
    running=1,
    connected=None,
    agent_version="18.0.0",
    console_url="https://console",
    logs_url="",
    conditions=(
        Statement(type="RoleReady", status="True", reason="Succeeded", message="Fine."),
        Statement(type="TasksRunning", status="False", reason="OutOfMemory", message="1 of 2 tasks run."),
        Statement(type="ServiceDeployed", status="False", reason="RollingOut", message="On its way."),
        Statement(type="Ready", status="False", reason="OutOfMemory", message="repeats"),
    ),
    tasks=(
        FailedTask(
            id="t1",
            stopped_at="2026-01-01T00:00:00+00:00",
            reason="OutOfMemory",
            message="OutOfMemoryError",
            hint="Raise it.",
            console_url="https://task",
            logs_url="https://log",
        ),
    ),
    databases=(BLOCKED, OPEN),
)


def test_everything_is_drawn_from_top_to_bottom() -> None:
    drawn = click.unstyle(draw([REPORT])).splitlines()
    assert drawn[:-2] == [
        "DatabaseServiceDeployment team/agents  Not healthy  us-west-1 vpc-1",
        "agents 18.0.0: ? connected, 1 running, 2 wanted",
        "https://console",
        "",
        "Conditions",
        "  ✓ RoleReady",
        "  ✗ TasksRunning  OutOfMemory",
        "      1 of 2 tasks run.",
        "  … ServiceDeployed  RollingOut",
        "      On its way.",
        "",
        "Tasks that failed, the last one first",
        "  ✗ t1  OutOfMemory  2026-01-01T00:00:00+00:00",
        "      OutOfMemoryError",
        "      Raise it.",
        "      https://log",
        "",
        "Database orders  not reached",
        "  ○ subnet-1  task at 10.0.0.4",
        "  │ sg-1  outbound rule all 0.0.0.0/0",
        "  ✗ sg-2  lets nobody in",
        "    orders.rds.example.com:5432, blocked by the model of the VPC",
        "  agent ip-10-0-0-4  unhealthy: dial tcp: i/o timeout [2J",
        "  From subnet-1 the database is not reached.",
        "",
        "Database billing  reached",
        "  ○ subnet-1  task at 10.0.0.4",
        "  ● billing  10.0.1.9:3306",
        "    billing.rds.example.com:3306, open by the model of the VPC",
        "  no agent reports on it",
        "  Not seen, and taken to work: What is behind pcx-1 is not seen.",
    ]
    assert "These prove nothing of IAM authentication" in drawn[-1]


def test_colours_tell_what_needs_somebody() -> None:
    drawn = draw([REPORT])
    assert click.style("✗", fg="red") in drawn
    assert click.style("…", fg="yellow") in drawn
    assert click.style("reached", fg="green") in drawn
    assert "\x1b[2J" not in drawn


def test_a_login_is_drawn_in_place_of_what_a_connection_does_not_prove() -> None:
    login = LoginView(
        user="reader",
        name="shop",
        result="UserRefused",
        said="password \x1b[2J failed",
        advice="Grant it rds_iam.",
    )
    tried = replace(OPEN, login=login)
    drawn = click.unstyle(draw([replace(REPORT, databases=(tried,))])).splitlines()
    assert drawn[-3:] == [
        "  ✗ login as reader to shop through Teleport  UserRefused",
        "      password  [2J failed",
        "      Grant it rds_iam.",
    ]
    assert not tried.is_well
    assert replace(OPEN, login=replace(login, result="LoggedIn")).is_well
    assert replace(OPEN, login=replace(login, result="NotTried")).is_well
