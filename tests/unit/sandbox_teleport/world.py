"""Resources, tasks and a clock for the tests."""

import base64
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from rds_enrollment.teleport.wire.auth_service_pb2 import CreateTokenV2Request
from rds_enrollment.teleport.wire.database_pb2 import AWS, RDS, DatabaseSpecV3, DatabaseV3
from rds_enrollment.teleport.wire.integration_pb2 import (
    AWSOIDCIntegrationSpecV1,
    IntegrationSpecV1,
    IntegrationV1,
)
from rds_enrollment.teleport.wire.resource_pb2 import Metadata, ResourceHeader
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenSpecV2, ProvisionTokenV2, TokenRule

from hack.sandbox.aws.tasks import Reachability, RunningTask

ACCOUNT = "123456789012"
VPC = "vpc-0123456789abcdef0"
ROLE = "TeleportDatabaseAccess"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
TASK = f"arn:aws:ecs:us-west-1:{ACCOUNT}:task/example-teleport/0123456789abcdef"
ORDERS = "orders.c0ffee.us-west-1.rds.amazonaws.com"
LABELS = {"account-id": ACCOUNT, "region": "us-west-1", "vpc-id": VPC}
PROXY = "teleport.example.com:443"
TOKEN = "rds-enrollment-token"


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeAws:
    """A task source: `tasks` run, and reach what `errors` has no error for."""

    def __init__(self) -> None:
        self.tasks: list[RunningTask] = []
        self.errors: dict[tuple[str, int], str] = {}
        self.logged: list[str] = []
        self.refused_users: set[str] = set()
        """Those whom IAM lets nobody log in as."""

    def running_tasks(self) -> list[RunningTask]:
        return list(self.tasks)

    def can_reach(self, task: RunningTask, host: str, port: int) -> Reachability:
        error = self.errors.get((host, port), "")
        return Reachability(not error, error)

    def admits(self, task: RunningTask, host: str, user: str) -> bool:
        return user not in self.refused_users

    def log(self, task: RunningTask, line: str) -> None:
        self.logged.append(line)


def database(name: str = "orders", uri: str = f"{ORDERS}:5432", **labels: str) -> DatabaseV3:
    """With the labels that an agent of `task` serves, and those given."""
    return DatabaseV3(
        Metadata=Metadata(Name=name, Labels={**LABELS, **labels}),
        Spec=DatabaseSpecV3(
            Protocol="postgres", URI=uri, AWS=AWS(AccountID=ACCOUNT, RDS=RDS(ResourceID="db-ABC"))
        ),
    )


def token(name: str = TOKEN, *rules: TokenRule, roles: tuple[str, ...] = ("Db",)) -> ProvisionTokenV2:
    allow = rules or (TokenRule(AWSAccount=ACCOUNT, AWSARN=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/*"),)
    return ProvisionTokenV2(
        Metadata=Metadata(Name=name), Spec=ProvisionTokenSpecV2(Roles=roles, Allow=allow, JoinMethod="iam")
    )


def create_token(value: ProvisionTokenV2) -> CreateTokenV2Request:
    return CreateTokenV2Request(V2=value)


def integration(name: str = "prod-aws", role_arn: str = ROLE_ARN) -> IntegrationV1:
    return IntegrationV1(
        Header=ResourceHeader(SubKind="aws-oidc", Metadata=Metadata(Name=name)),
        Spec=IntegrationSpecV1(AWSOIDC=AWSOIDCIntegrationSpecV1(RoleARN=role_arn)),
    )


def config(**changes: Any) -> dict[str, Any]:
    """A teleport.yaml of a Database Service; `changes` replace top-level keys, None removes one."""
    document: dict[str, Any] = {
        "version": "v3",
        "teleport": {
            "proxy_server": PROXY,
            "join_params": {"token_name": TOKEN, "method": "iam"},
            "data_dir": "/var/lib/teleport",
            "log": {"output": "stderr", "severity": "DEBUG", "format": {"output": "text"}},
        },
        "auth_service": {"enabled": "no", "proxy_listener_mode": "multiplex"},
        "ssh_service": {"enabled": "no"},
        "proxy_service": {"enabled": "no"},
        "db_service": {"enabled": "yes", "resources": [{"labels": dict(LABELS)}]},
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not None}


def command(text: str) -> list[str]:
    """The container's command that carries `text` as its configuration."""
    encoded = base64.b64encode(text.encode()).decode()
    return ["--rewrite", "15:3", "--", "teleport", "start", "--config-string", encoded]


def task(arn: str = TASK, **changes: Any) -> RunningTask:
    """A running Database Service."""
    properties: dict[str, Any] = {
        "account": ACCOUNT,
        "region": "us-west-1",
        "task_arn": arn,
        "cluster_arn": f"arn:aws:ecs:us-west-1:{ACCOUNT}:cluster/example-teleport",
        "service_name": f"database-service-{VPC}",
        "task_role_arn": ROLE_ARN,
        "command": command(yaml.safe_dump(config())),
        "environment": {
            "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE": "true",
            "TELEPORT_EXT_UPGRADER_VERSION": "18.0.0",
        },
        "private_ip": "10.0.1.17",
        "private_dns_name": "ip-10-0-1-17.us-west-1.compute.internal",
        "eni_id": "eni-0123456789abcdef0",
        "vpc_id": VPC,
        "subnet_id": "subnet-0123456789abcdef0",
        "security_groups": ["sg-0123456789abcdef0"],
        "started_at": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return RunningTask(**{**properties, **changes})


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Look again and again until it is so; fails when it is not in time."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")
