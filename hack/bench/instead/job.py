"""The three parts of the job, each of which can be done again: the script's steps, and the kopf operator's handlers."""

from collections.abc import Mapping, Sequence
from typing import Any

from rds_enrollment.plan import names, policies
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.task_definition import register_body

from hack.bench.instead.aws_job import AwsJob
from hack.bench.instead.teleport_job import TeleportJob
from hack.bench.wanted import PARTITION, REPLICAS, agent_task, database, join_token


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
        account, region = self.aws.account, self.aws.region
        self.teleport.ensure_databases([database(item, account, region) for item in instances])

    def deploy(self, vpc: str, subnet_tags: Mapping[str, str], group_tags: Mapping[str, str]) -> None:
        """The agents of a VPC, up to the service."""
        task = agent_task(self.teleport.cluster(), self.aws.account, self.aws.region, vpc)
        role = names.role_name(task.task_role_arn)
        self.aws.ensure_role(role, policies.task_trust(), {role: policies.task_policy()})
        self.teleport.ensure_token(join_token(task))
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
