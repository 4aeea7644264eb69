"""What the job is to make, from what AWS and Teleport tell: the same for all who do it without the operator."""

from collections.abc import Mapping
from typing import Any

from rds_enrollment.plan import names
from rds_enrollment.plan.observed.teleport import Database, JoinRule, JoinToken, RdsMetadata, TeleportCluster
from rds_enrollment.plan.task_definition import AgentTask

PARTITION = "aws"
REPLICAS = 2


def agent_task(cluster: TeleportCluster, account: str, region: str, vpc: str) -> AgentTask:
    """The agents of a VPC."""
    role = names.role_arn(PARTITION, account, task_role(vpc))
    return AgentTask(
        partition=PARTITION,
        account=account,
        region=region,
        vpc_id=vpc,
        teleport_cluster=cluster.name,
        proxy_address=cluster.proxy_address,
        version=cluster.version,
        enterprise=cluster.enterprise,
        task_role_arn=role,
        execution_role_arn=role,
        join_token=names.join_token(account, region, vpc),
    )


def join_token(task: AgentTask) -> JoinToken:
    """What admits the role of the tasks."""
    role = names.role_name(task.task_role_arn)
    rule = JoinRule(task.account, names.assumed_role_pattern(PARTITION, task.account, role))
    return JoinToken(task.join_token, "iam", frozenset({"Db"}), frozenset({rule}))


def database(instance: Mapping[str, Any], account: str, region: str) -> Database:
    """The `db` object of an RDS instance, as rds:DescribeDBInstances gives it."""
    name, vpc = str(instance["DBInstanceIdentifier"]), vpc_of(instance)
    return Database(
        name=name,
        description=f"RDS instance in {region}",
        labels={"account-id": account, "region": region, "vpc-id": vpc},
        protocol="postgres",
        uri=f"{instance['Endpoint']['Address']}:{instance['Endpoint']['Port']}",
        region=region,
        account_id=account,
        rds=RdsMetadata(
            instance_id=name,
            resource_id=str(instance["DbiResourceId"]),
            iam_auth=True,
            vpc_id=vpc,
            subnets=tuple(item["SubnetIdentifier"] for item in instance["DBSubnetGroup"]["Subnets"]),
        ),
    )


def task_role(vpc: str) -> str:
    """Name of the role of a VPC's tasks."""
    return f"TeleportDatabaseAccess-{vpc}"


def vpc_of(instance: Mapping[str, Any]) -> str:
    """The VPC of an RDS instance."""
    return str(instance["DBSubnetGroup"]["VpcId"])
