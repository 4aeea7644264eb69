"""`rds-enrollment status`: the tree of objects as their status tells it."""

import json
from typing import Any

import click
import pytest
import yaml
from rds_enrollment.cli.output import print_data
from rds_enrollment.cli.overview import overview
from rds_enrollment.cli.tree import draw

VPC, OTHER = "vpc-1", "vpc-2"


def obj(kind: str, name: str, spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"namespace": "team", "name": name}, "spec": spec, "status": status}


def condition(type_: str, status: str, reason: str, message: str = "Because.") -> dict[str, str]:
    return {"type": type_, "status": status, "reason": reason, "message": message}


def database(
    name: str, vpc_id: str, state: str, reason: str = "Succeeded", message: str = ""
) -> dict[str, str]:
    return {
        "name": name,
        "identifier": name,
        "vpcId": vpc_id,
        "state": state,
        "reason": reason,
        "message": message,
    }


READY = [condition("Ready", "True", "Succeeded")]
INTEGRATION = obj("AwsOidcIntegration", "aws", {"accountId": "123456789012"}, conditions=READY)
DEPLOYMENT = obj(
    "DatabaseServiceDeployment",
    "agents",
    {"region": "eu-west-1", "vpcId": VPC, "replicas": 2},
    conditions=[condition("Ready", "False", "TasksStopped", "2 tasks stopped.\nPull failed.")],
    agentVersion="18.1.0",
    runningReplicas=1,
    pendingReplicas=1,
    connectedReplicas=0,
)
ENROLLMENT = obj(
    "RdsEnrollment",
    "prod",
    {"integrationRef": {"name": "aws"}},
    conditions=READY,
    discovered=3,
    enrolled=1,
    vpcs=[{"vpcId": VPC, "deployment": "agents"}, {"vpcId": OTHER}],
    databases=[
        database("orders", VPC, "Enrolled"),
        database("taken", VPC, "Conflicting", "NameTaken", "Somebody else's."),
        database("old", OTHER, "Skipped", "UnsupportedEngine"),
    ],
)


def test_the_tree_shows_everything_at_its_place() -> None:
    lone = obj("DatabaseServiceDeployment", "lone", {"region": "eu-west-1", "vpcId": OTHER})
    drawn = click.unstyle(draw(overview([ENROLLMENT, lone, DEPLOYMENT, INTEGRATION])))
    assert drawn.splitlines() == [
        "AwsOidcIntegration team/aws  Ready  account 123456789012",
        "RdsEnrollment team/prod  Ready  enrolled 1 of 3, reachable ?",
        "├── DatabaseServiceDeployment team/agents  Not ready: TasksStopped  eu-west-1 vpc-1, agents 18.1.0",
        "│   ├── 2 tasks stopped. Pull failed.",
        "│   ├── tasks: 0 connected, 1 running, 1 starting, 2 wanted",
        "│   ├── database orders  Enrolled",
        "│   └── database taken  Conflicting: NameTaken",
        "│       └── Somebody else's.",
        "└── database old  Skipped: UnsupportedEngine",
        "DatabaseServiceDeployment team/lone  New  eu-west-1 vpc-2, agents ?",
        "├── Not looked at yet: does the operator run, and serve this namespace?",
        "└── tasks: ? connected, ? running, ? starting, ? wanted",
    ]


def test_what_stalls_an_object_is_its_reason() -> None:
    conditions = [
        condition("Ready", "False", "Pending", "Waits."),
        condition("Stalled", "True", "InvalidSpec", "Correct it."),
    ]
    (found,) = overview([{**INTEGRATION, "status": {"conditions": conditions}}]).integrations
    assert (found.state.ready, found.state.reason, found.state.message) == (
        "False",
        "InvalidSpec",
        "Correct it.",
    )


def test_texts_cannot_act_on_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J"
    conditions = [condition("Ready", "False", evil, evil)]
    databases = [database(evil, OTHER, "Failed", evil, evil)]
    enrollment = {**ENROLLMENT, "status": {"conditions": conditions, "databases": databases}}
    assert "\x1b" not in click.unstyle(draw(overview([enrollment])))
    assert "\x07" not in draw(overview([enrollment]))


def test_colours_tell_good_from_bad() -> None:
    drawn = draw(overview([ENROLLMENT, DEPLOYMENT]))
    assert click.style("Ready", fg="green") in drawn
    assert click.style("Not ready: TasksStopped", fg="red") in drawn
    assert click.style("Conflicting", fg="red") in drawn
    rolling = {**DEPLOYMENT, "status": {"conditions": [condition("Ready", "False", "RollingOut")]}}
    assert click.style("Not ready: RollingOut", fg="yellow") in draw(overview([rolling]))


def test_nothing_is_said_to_be_nothing() -> None:
    assert draw(overview([])).startswith("No AwsOidcIntegration")


def test_json_and_yaml_have_the_same_fields(capsys: pytest.CaptureFixture[str]) -> None:
    found = overview([ENROLLMENT, DEPLOYMENT, INTEGRATION])
    print_data(found, "json")
    as_json = json.loads(capsys.readouterr().out)
    print_data(found, "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == as_json
    (deployment,) = as_json["enrollments"][0]["deployments"]
    assert [item["name"] for item in deployment["databases"]] == ["orders", "taken"]
    assert deployment["tasks"] == {"wanted": 2, "running": 1, "pending": 1, "connected": 0}
