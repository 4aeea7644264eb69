"""The three parts of the job, each of which can be done again: the script's steps, and the kopf operator's handlers."""

from collections.abc import Mapping, Sequence
from typing import Any

from rds_enrollment.plan import names, policies
from rds_enrollment.plan.observed.teleport import Database, Integration, JoinRule, JoinToken, RdsMetadata
from rds_enrollment.plan.task_definition import AgentTask, register_body

from hack.bench.instead.aws_job import PARTITION, REPLICAS, AwsJob
from hack.bench.instead.teleport_job import TeleportJob


class Job:
    """One account and region of AWS, and one Teleport cluster."""

    def __init__(self, aws: AwsJob, teleport: TeleportJob) -> None:
        self.aws = aws
        self.teleport = teleport

    def integrate(self, name: str, role: str, task_roles: Sequence[str]) -> None:
        """The identity provider, the role that Teleport assumes, and the integration."""
        issuer = names.issuer(self.teleport.cluster().proxy_address)
        self.aws.ensure_identity_provider(issuer)
        arn = self.aws.ensure_role(
            role,
            policies.integration_trust(PARTITION, self.aws.account, issuer),
            {
                "ListDatabases": policies.list_databases(),
                "DeployService": policies.deploy_service(PARTITION, self.aws.account, task_roles),
            },
        )
        self.teleport.ensure_integration(Integration(name, "aws-oidc", arn))

    def enroll(self, instances: Sequence[Mapping[str, Any]]) -> None:
        """A `db` object for each instance."""
        self.teleport.ensure_databases([self._database(item) for item in instances])

    def deploy(self, vpc: str, subnet_tags: Mapping[str, str], group_tags: Mapping[str, str]) -> None:
        """The agents of a VPC, up to the service."""
        task = self._task(vpc)
        role = names.role_name(task.task_role_arn)
        self.aws.ensure_role(role, policies.task_trust(), {role: policies.task_policy()})
        rule = JoinRule(task.account, names.assumed_role_pattern(PARTITION, task.account, role))
        self.teleport.ensure_token(JoinToken(task.join_token, "iam", frozenset({"Db"}), frozenset({rule})))
        cluster = names.ecs_cluster(task.teleport_cluster)
        self.aws.ensure_cluster(cluster)
        self.aws.ensure_service(
            cluster,
            names.ecs_service(vpc),
            self.aws.ensure_task_definition(register_body(task)),
            self.aws.tagged_subnets(vpc, subnet_tags),
            self.aws.tagged_groups(vpc, group_tags),
        )

    def wait_stable(self, vpc: str) -> None:
        """Until ECS calls the service of a VPC stable."""
        self.aws.wait_stable(self._cluster(), names.ecs_service(vpc))

    def connected(self, vpc: str) -> bool:
        """Whether the tasks of a VPC run, and agents are connected."""
        running = self.aws.running(self._cluster(), names.ecs_service(vpc))
        return running >= REPLICAS and self.teleport.agents() >= REPLICAS

    def _cluster(self) -> str:
        return names.ecs_cluster(self.teleport.cluster().name)

    def _task(self, vpc: str) -> AgentTask:
        cluster = self.teleport.cluster()
        role = names.role_arn(PARTITION, self.aws.account, task_role(vpc))
        return AgentTask(
            partition=PARTITION,
            account=self.aws.account,
            region=self.aws.region,
            vpc_id=vpc,
            teleport_cluster=cluster.name,
            proxy_address=cluster.proxy_address,
            version=cluster.version,
            enterprise=cluster.enterprise,
            task_role_arn=role,
            execution_role_arn=role,
            join_token=names.join_token(self.aws.account, self.aws.region, vpc),
        )

    def _database(self, instance: Mapping[str, Any]) -> Database:
        name, vpc = str(instance["DBInstanceIdentifier"]), vpc_of(instance)
        return Database(
            name=name,
            description=f"RDS instance in {self.aws.region}",
            labels={"account-id": self.aws.account, "region": self.aws.region, "vpc-id": vpc},
            protocol="postgres",
            uri=f"{instance['Endpoint']['Address']}:{instance['Endpoint']['Port']}",
            region=self.aws.region,
            account_id=self.aws.account,
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
