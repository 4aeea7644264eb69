"""The agents' task definition, and its comparison by meaning with what AWS returns."""

import base64
import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from rds_enrollment.plan import task_definition
from rds_enrollment.plan.task_definition import (
    AgentTask,
    differences,
    has_health_check,
    image_of,
    join_token_of,
    register_body,
    with_image,
)

ROLE = "arn:aws:iam::123456789012:role/TeleportDatabaseAccess-vpc-0123456789abcdef0"
TASK = AgentTask(
    partition="aws",
    account="123456789012",
    region="us-west-1",
    vpc_id="vpc-0123456789abcdef0",
    teleport_cluster="example.teleport.sh",
    proxy_address="example.teleport.sh:443",
    version="18.0.0",
    enterprise=False,
    task_role_arn=ROLE,
    execution_role_arn=ROLE,
    join_token="our-token",
)
FAMILY = "example_teleport_sh-teleport-database-service-vpc-0123456789abcdef0"

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("version", "enterprise", "image"),
    [
        ("18.0.0", False, "public.ecr.aws/gravitational/teleport-distroless:18.0.0"),
        ("18.0.0", True, "public.ecr.aws/gravitational/teleport-ent-distroless:18.0.0"),
        ("18.0.0-dev.1", False, "public.ecr.aws/gravitational-staging/teleport-distroless:18.0.0-dev.1"),
        ("18.0.0-rc.2", True, "public.ecr.aws/gravitational-staging/teleport-ent-distroless:18.0.0-rc.2"),
    ],
)
def test_images(version: str, enterprise: bool, image: str) -> None:
    assert task_definition.image(version, enterprise=enterprise) == image


@pytest.mark.parametrize("enterprise", [True, False])
def test_fips_is_an_image_and_a_mode(enterprise: bool) -> None:
    """Where the configuration is read back from, nothing changes."""
    body = register_body(replace(TASK, enterprise=enterprise, fips=True))
    (container,) = body["containerDefinitions"]
    assert container["image"] == f"public.ecr.aws/gravitational/teleport-ent-fips-distroless:{TASK.version}"
    command = container["command"]
    assert command[: command.index("--config-string")][-3:] == ["teleport", "start", "--fips"]
    assert join_token_of(body) == TASK.join_token
    assert differences(body, register_body(TASK)) == ["image", "command"]


def test_the_request_field_by_field() -> None:
    body = register_body(TASK)
    command = body["containerDefinitions"][0].pop("command")
    assert body == {
        "family": FAMILY,
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "2048",
        "memory": "4096",
        "networkMode": "awsvpc",
        "taskRoleArn": ROLE,
        "executionRoleArn": ROLE,
        "containerDefinitions": [
            {
                "name": "teleport-service",
                "image": "public.ecr.aws/gravitational/teleport-distroless:18.0.0",
                "entryPoint": ["/usr/bin/dumb-init"],
                "environment": [
                    {"name": "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE", "value": "true"},
                    {"name": "TELEPORT_EXT_UPGRADER_VERSION", "value": "18.0.0"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "ecs-example_teleport_sh-teleport",
                        "awslogs-region": "us-west-1",
                        "awslogs-create-group": "true",
                        "awslogs-stream-prefix": f"database-service-vpc-0123456789abcdef0/{FAMILY}",
                    },
                },
            }
        ],
    }
    assert command[:-1] == ["--rewrite", "15:3", "--", "teleport", "start", "--config-string"]
    config = yaml.safe_load(base64.b64decode(command[-1]))
    assert config["teleport"]["proxy_server"] == "example.teleport.sh:443"
    assert config["teleport"]["join_params"] == {"token_name": "our-token", "method": "iam"}
    assert config["db_service"]["resources"] == [
        {"labels": {"account-id": "123456789012", "region": "us-west-1", "vpc-id": "vpc-0123456789abcdef0"}}
    ]


def from_aws() -> dict[str, Any]:
    """What ecs:DescribeTaskDefinition makes of the request: its own members, defaults and empty lists on top."""
    body = copy.deepcopy(register_body(TASK))
    body |= {
        "taskDefinitionArn": f"arn:aws:ecs:us-west-1:123456789012:task-definition/{FAMILY}:7",
        "revision": 7,
        "status": "ACTIVE",
        "volumes": [],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "ecs.capability.task-eni"}],
        "registeredBy": "arn:aws:sts::123456789012:assumed-role/operator/session",
    }
    body["containerDefinitions"][0] |= {
        "cpu": 0,
        "essential": True,
        "portMappings": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
    }
    return body


def container(body: dict[str, Any]) -> dict[str, Any]:
    found = body["containerDefinitions"][0]
    assert isinstance(found, dict)
    return found


def recoded(edit: Callable[[Any], object] = lambda config: None, **layout: Any) -> Change:
    """Another text of the configuration in the command."""

    def change(body: dict[str, Any]) -> None:
        command = container(body)["command"]
        config = yaml.safe_load(base64.b64decode(command[-1]))
        edit(config)
        command[-1] = base64.b64encode(yaml.safe_dump(config, **layout).encode()).decode()

    return change


def with_option(key: str, value: str) -> Change:
    return lambda body: container(body)["logConfiguration"]["options"].update({key: value})


SAME: Mapping[str, Change] = {
    "what AWS returns": lambda body: None,
    "other order of the environment": lambda body: container(body)["environment"].reverse(),
    "a repeated compatibility": lambda body: body["requiresCompatibilities"].append("FARGATE"),
    "numbers": lambda body: body.update(cpu=2048, memory=4096),
    "no essential": lambda body: container(body).pop("essential"),
    "YAML with sorted keys": recoded(sort_keys=True),
    "YAML as JSON": recoded(default_flow_style=True, width=10_000),
    "empty lists and strings": lambda body: container(body).update(
        secrets=[], ulimits=[], user="", privileged=False, dockerLabels={}, dependsOn=None
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_means_the_same_is_no_difference(change: Change) -> None:
    actual = from_aws()
    change(actual)
    assert differences(register_body(TASK), actual) == []


DIFFERENT: list[tuple[str, Change]] = [
    *[
        (name, lambda body, name=name: body.update({name: "other"}))
        for name in ("family", "networkMode", "cpu", "memory", "taskRoleArn", "executionRoleArn")
    ],
    *[
        (name, lambda body, name=name: body.pop(name))
        for name in (
            *("family", "networkMode", "cpu", "memory", "taskRoleArn", "executionRoleArn"),
            *("requiresCompatibilities", "containerDefinitions"),
        )
    ],
    ("requiresCompatibilities", lambda body: body.update(requiresCompatibilities=["EC2"])),
    ("requiresCompatibilities", lambda body: body["requiresCompatibilities"].append("EC2")),
    ("volumes", lambda body: body["volumes"].append({"name": "v"})),
    ("placementConstraints", lambda body: body["placementConstraints"].append({"type": "memberOf"})),
    ("proxyConfiguration", lambda body: body.update(proxyConfiguration={"containerName": "envoy"})),
    ("ephemeralStorage", lambda body: body.update(ephemeralStorage={"sizeInGiB": 50})),
    ("containerDefinitions", lambda body: body["containerDefinitions"].append({"name": "sidecar"})),
    ("containerDefinitions", lambda body: body["containerDefinitions"].clear()),
    ("name", lambda body: container(body).update(name="other")),
    ("image", lambda body: container(body).update(image="public.ecr.aws/x/teleport-distroless:17.0.0")),
    ("entryPoint", lambda body: container(body).update(entryPoint=["/bin/sh"])),
    ("entryPoint", lambda body: container(body).pop("entryPoint")),
    ("command", lambda body: container(body).pop("command")),
    ("command", lambda body: container(body)["command"].insert(0, "-v")),
    ("command", lambda body: container(body)["command"].append("--debug")),
    ("command", lambda body: container(body)["command"].pop()),
    ("command", lambda body: container(body)["command"].__setitem__(-1, "not base64!")),
    ("command", recoded(lambda config: config["teleport"].update(proxy_server="elsewhere:443"))),
    ("command", recoded(lambda config: config["teleport"]["log"].update(severity="DEBUG"))),
    ("command", recoded(lambda config: config["db_service"].update(enabled="no"))),
    ("environment", lambda body: container(body)["environment"].pop()),
    ("environment", lambda body: container(body)["environment"][1].update(value="17.0.0")),
    ("environment", lambda body: container(body)["environment"].append({"name": "A", "value": "b"})),
    ("logConfiguration", lambda body: container(body).pop("logConfiguration")),
    ("logConfiguration", lambda body: container(body)["logConfiguration"].update(logDriver="splunk")),
    ("logConfiguration", with_option("awslogs-group", "other")),
    ("logConfiguration", with_option("mode", "non-blocking")),
    ("essential", lambda body: container(body).update(essential=False)),
    ("healthCheck", lambda body: container(body).update(healthCheck={"command": ["CMD", "true"]})),
    ("secrets", lambda body: container(body).update(secrets=[{"name": "A", "valueFrom": "arn"}])),
    ("portMappings", lambda body: container(body).update(portMappings=[{"containerPort": 80}])),
    ("mountPoints", lambda body: container(body).update(mountPoints=[{"sourceVolume": "v"}])),
    ("volumesFrom", lambda body: container(body).update(volumesFrom=[{"sourceContainer": "c"}])),
    ("ulimits", lambda body: container(body).update(ulimits=[{"name": "nofile"}])),
    ("user", lambda body: container(body).update(user="1000")),
    *[
        (name, lambda body, name=name, value=value: container(body).update({name: value}))
        for name, value in {
            "cpu": 512,
            "memory": 1024,
            "memoryReservation": 512,
            "privileged": True,
            "readonlyRootFilesystem": True,
            "workingDirectory": "/tmp",  # noqa: S108 (a directory in a container)
            "environmentFiles": [{"value": "arn:aws:s3:::b/f", "type": "s3"}],
            "dependsOn": [{"containerName": "c", "condition": "START"}],
            "linuxParameters": {"initProcessEnabled": True},
            "dockerLabels": {"a": "b"},
            "stopTimeout": 1,
            "systemControls": [{"namespace": "net.core.somaxconn", "value": "1"}],
        }.items()
    ],
    ("pidMode", lambda body: body.update(pidMode="task")),
    (
        "logConfiguration",
        lambda body: container(body)["logConfiguration"].update(
            secretOptions=[{"name": "a", "valueFrom": "arn"}]
        ),
    ),
]


@pytest.mark.parametrize(("field", "change"), DIFFERENT, ids=[name for name, _ in DIFFERENT])
def test_another_meaning_is_found_and_named(field: str, change: Change) -> None:
    actual = from_aws()
    change(actual)
    assert differences(register_body(TASK), actual) == [field]


CHECKED = replace(TASK, version="18.6.4")


def test_agents_that_can_tell_are_asked() -> None:
    (asked,) = register_body(CHECKED)["containerDefinitions"]
    assert asked["healthCheck"]["command"] == ["CMD", "teleport", "debug", "readyz"]
    assert "healthCheck" not in register_body(TASK)["containerDefinitions"][0]
    assert has_health_check(register_body(CHECKED))
    assert not has_health_check(register_body(TASK))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"timeout": 5}, ["healthCheck"]),
        ({"interval": 5}, ["healthCheck"]),
        ({"command": ["CMD-SHELL", "true"]}, ["healthCheck"]),
        ({"retries": None}, ["healthCheck"]),
    ],
)
def test_health_checks_are_compared_with_awss_defaults(change: dict[str, Any], found: list[str]) -> None:
    actual = copy.deepcopy(register_body(CHECKED))
    container(actual)["healthCheck"].update(change)
    assert differences(register_body(CHECKED), actual) == found


def test_a_health_check_that_is_missing_is_a_difference() -> None:
    actual = copy.deepcopy(register_body(CHECKED))
    del container(actual)["healthCheck"]
    assert differences(register_body(CHECKED), actual) == ["healthCheck"]


def test_an_image_can_be_exchanged() -> None:
    body = register_body(TASK)
    other = with_image(body, "mirror.example.com/teleport:18.1.0")
    assert image_of(other) == "mirror.example.com/teleport:18.1.0"
    assert differences(body, other) == ["image"]
    assert image_of({}) == ""


def test_all_differences_are_named() -> None:
    actual = from_aws()
    actual.update(cpu="256", memory="512")
    container(actual).update(image="other", essential=False)
    assert differences(register_body(TASK), actual) == ["cpu", "memory", "image", "essential"]
