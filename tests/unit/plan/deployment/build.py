"""One deployment, and the world as it is once the deployment has converged: every value can be overridden.

Literals are Teleport's (lib/integrations/awsoidc/deployservice.go) for cluster `example.teleport.sh`.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsDeployment,
    EcsService,
    Network,
    Role,
    SecurityGroup,
    Subnet,
    Task,
    TaskDefinition,
)
from rds_enrollment.plan.observed.network import Vpc as NetworkVpc
from rds_enrollment.plan.observed.teleport import Agent, JoinRule, JoinToken, TeleportCluster
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.scope import Scope

from tests.unit.plan.network import dsl
from tests.wizard_policies import TASK_ROLE, TASKS_TRUST

VPC = "vpc-0123456789abcdef0"
OTHER_VPC = "vpc-0fedcba9876543210"
MARK = "cluster-a/dbsvc/teleport/main"
CLUSTER = "example_teleport_sh-teleport"
CLUSTER_ARN = f"arn:aws:ecs:us-west-1:123456789012:cluster/{CLUSTER}"
SERVICE = f"database-service-{VPC}"
SERVICE_ARN = f"arn:aws:ecs:us-west-1:123456789012:service/{CLUSTER}/{SERVICE}"
FAMILY = f"{CLUSTER}-database-service-{VPC}"
ROLE = f"TeleportDatabaseAccess-{VPC}"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"
TOKEN = f"rds-enrollment-123456789012-us-west-1-{VPC}"
SUBNETS = ("subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb")
ZONES = ("us-west-1a", "us-west-1b")
GROUP = "sg-0cccccccccccccccc"
LABELS = {"account-id": "123456789012", "region": "us-west-1", "vpc-id": VPC}
TELEPORT_TAGS = {
    "teleport.dev/cluster": "example.teleport.sh",
    "teleport.dev/origin": "integration_awsoidc",
    "teleport.dev/integration": "prod-aws",
}
TAGS = {**TELEPORT_TAGS, "rds-enrollment.dev/owner": MARK}
SHARED_TAGS = {**TELEPORT_TAGS, "rds-enrollment.dev/owner": "cluster-a"}
FOREIGN_TAGS = {**TELEPORT_TAGS, "rds-enrollment.dev/owner": "cluster-b/dbsvc/teleport/main"}
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)

WANTED = WantedDeployment(
    scope=Scope(
        account="123456789012",
        partition="aws",
        integration="prod-aws",
        cluster=TeleportCluster("example.teleport.sh", "18.0.0", "example.teleport.sh:443", cloud=False),
        enterprise=False,
    ),
    owner=Owner("cluster-a", "dbsvc", "teleport", "main"),
    region="us-west-1",
    vpc_id=VPC,
    subnets=Choice(ids=SUBNETS),
    security_groups=Choice(ids=(GROUP,)),
    replicas=2,
    task_role=IamRole(name=ROLE),
    user_tags={},
)


def arn(revision: int) -> str:
    """ARN of a revision of the family."""
    return f"arn:aws:ecs:us-west-1:123456789012:task-definition/{FAMILY}:{revision}"


def config(proxy: str = "example.teleport.sh:443") -> str:
    """The value of --config-string: JSON is YAML, too."""
    written = {
        "version": "v3",
        "teleport": {
            "data_dir": "/var/lib/teleport",
            "join_params": {"token_name": TOKEN, "method": "iam"},
            "proxy_server": proxy,
            "log": {"output": "stderr", "severity": "INFO", "format": {"output": "text"}},
        },
        "auth_service": {"enabled": "no"},
        "ssh_service": {"enabled": "no"},
        "proxy_service": {"enabled": "no"},
        "db_service": {"enabled": "yes", "resources": [{"labels": LABELS}]},
    }
    return base64.b64encode(json.dumps(written).encode()).decode()


def task_definition(revision: int = 1, *, version: str = "18.0.0", **fields: Any) -> TaskDefinition:
    """A revision as AWS returns it."""
    body = {
        "taskDefinitionArn": arn(revision),
        "family": FAMILY,
        "revision": revision,
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "2048",
        "memory": "4096",
        "networkMode": "awsvpc",
        "taskRoleArn": ROLE_ARN,
        "executionRoleArn": ROLE_ARN,
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "teleport-service",
                "image": f"public.ecr.aws/gravitational/teleport-distroless:{version}",
                "cpu": 0,
                "essential": True,
                "portMappings": [],
                "entryPoint": ["/usr/bin/dumb-init"],
                "command": ["--rewrite", "15:3", "--", "teleport", "start", "--config-string", config()],
                "environment": [
                    {"name": "TELEPORT_EXT_UPGRADER_VERSION", "value": version},
                    {"name": "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE", "value": "true"},
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": f"ecs-{CLUSTER}",
                        "awslogs-region": "us-west-1",
                        "awslogs-create-group": "true",
                        "awslogs-stream-prefix": f"{SERVICE}/{FAMILY}",
                    },
                },
            }
        ],
    }
    made = TaskDefinition(
        arn=arn(revision), family=FAMILY, revision=revision, status="ACTIVE", body=body, tags=TAGS
    )
    return replace(made, **fields)


ROLE_SEEN = Role(
    name=ROLE,
    arn=ROLE_ARN,
    path="/",
    trust=TASKS_TRUST,
    tags=TAGS,
    policies={ROLE: TASK_ROLE},
)
TOKEN_SEEN = JoinToken(
    name=TOKEN,
    join_method="iam",
    roles=frozenset({"Db"}),
    rules=frozenset({JoinRule("123456789012", f"arn:aws:sts::123456789012:assumed-role/{ROLE}/*")}),
    labels={"rds-enrollment.dev/owner": MARK},
)
CLUSTER_SEEN = EcsCluster(
    arn=CLUSTER_ARN,
    name=CLUSTER,
    status="ACTIVE",
    capacity_providers=frozenset({"FARGATE"}),
    active_services=1,
    tags=SHARED_TAGS,
)
ROLLED_OUT = EcsDeployment(
    id="ecs-svc/1",
    status="PRIMARY",
    rollout_state="COMPLETED",
    rollout_state_reason="ECS deployment ecs-svc/1 completed.",
    task_definition_arn=arn(1),
    desired=2,
    running=2,
    failed=0,
    created_at=NOW - timedelta(hours=1),
    updated_at=NOW,
)
SERVICE_SEEN = EcsService(
    arn=SERVICE_ARN,
    name=SERVICE,
    status="ACTIVE",
    launch_type="FARGATE",
    desired_count=2,
    running_count=2,
    task_definition_arn=arn(1),
    network=Network(frozenset(SUBNETS), frozenset({GROUP}), assign_public_ip=True),
    minimum_healthy_percent=100,
    maximum_percent=200,
    circuit_breaker=True,
    circuit_breaker_rollback=True,
    availability_zone_rebalancing=True,
    propagate_tags="SERVICE",
    execute_command=False,
    deployments=(ROLLED_OUT,),
    events=(),
    tags=TAGS,
)


VPC_SEEN = dsl.edited(
    NetworkVpc(dsl.VPC, "us-west-1"),
    *(dsl.subnet(item, f"10.0.{number}.0/24") for number, item in enumerate(SUBNETS)),
    dsl.table("rtb-main", "10.0.0.0/16 local", "0.0.0.0/0 igw-1", main=True),
    dsl.acl("acl-default", *dsl.ALLOW_ALL, default=True),
    dsl.group(GROUP, outbound=("all 0.0.0.0/0",)),
    dsl.internet_gateway("igw-1"),
)
"""Two public subnets, from which everything is reached."""
PROXY_ADDRESSES = {"example.teleport.sh": (ip_address("18.0.0.10"),)}


def task(name: str, address: str = "10.0.0.1", **fields: Any) -> Task:
    """A running task of the service."""
    running = Task(
        arn=f"arn:aws:ecs:us-west-1:123456789012:task/{CLUSTER}/{name}",
        task_definition_arn=arn(1),
        last_status="RUNNING",
        desired_status="RUNNING",
        health="UNKNOWN",
        private_ip=address,
        private_dns_name=f"ip-{address.replace('.', '-')}.us-west-1.compute.internal" if address else "",
        network_interface_id="eni-0eeeeeeeeeeeeeeee",
        subnet_id=SUBNETS[0],
        stop_code="",
        stopped_reason="",
        stopping_at=None,
        stopped_at=None,
        container_reason="",
        exit_code=None,
    )
    return replace(running, **fields)


def agent(hostname: str, **labels: tuple[str, ...]) -> Agent:
    """A heartbeat of an agent that serves the VPC, or the labels given."""
    matcher = labels or {key: (value,) for key, value in LABELS.items()}
    return Agent(host_id=f"id-of-{hostname}", hostname=hostname, matchers=(matcher,), expires=NOW)


CONVERGED = DeploymentWorld(
    role=ROLE_SEEN,
    token=TOKEN_SEEN,
    subnets=tuple(Subnet(item, VPC, zone) for item, zone in zip(SUBNETS, ZONES, strict=True)),
    security_groups=(SecurityGroup(GROUP, VPC, "agents"),),
    vpc=VPC_SEEN,
    addresses=PROXY_ADDRESSES,
    managed_group=None,
    own_rules=(),
    cluster=CLUSTER_SEEN,
    service=SERVICE_SEEN,
    serving=task_definition(),
    newest=task_definition(),
    revisions=(arn(1),),
    tasks=(task("t1", "10.0.0.1"), task("t2", "10.0.0.2")),
    log_group=None,
    rollouts=(),
    claims=(),
    observed_at=NOW,
    agents=(agent("ip-10-0-0-1.us-west-1.compute.internal"), agent("ip-10-0-0-2.us-west-1.compute.internal")),
)
EMPTY = replace(
    CONVERGED,
    role=None,
    token=None,
    cluster=None,
    service=None,
    serving=None,
    newest=None,
    revisions=(),
    family=(),
    tasks=(),
    log_group=None,
    agents=(),
)


def world(**fields: Any) -> DeploymentWorld:
    """The converged world with some fields otherwise."""
    return replace(CONVERGED, **fields)


def service(**fields: Any) -> EcsService:
    return replace(SERVICE_SEEN, **fields)


def rollout(**fields: Any) -> EcsDeployment:
    return replace(ROLLED_OUT, **fields)
