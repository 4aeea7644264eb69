"""Launching one task of a deployment: its roles, its interface, its tags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from hack.sandbox.aws.ecs.model import Deployment, Service, Tags, Task
from hack.sandbox.aws.network import NetworkError, VpcNetwork
from hack.sandbox.aws.roles import find_role

FARGATE_LATEST = "1.4.0"


class LaunchRefused(Exception):  # noqa: N818 - the service event's text, not a fault
    """The task cannot be made at all; the text is that of the service event."""


@dataclass(frozen=True)
class Launcher:
    account: str
    region: str
    partition: str
    network: VpcNetwork

    def launch(self, service: Service, deployment: Deployment, definition: Any, now: datetime) -> Task:
        """Makes a task in PROVISIONING with its interface attached.

        Subnets are taken in turn. `definition` is moto's TaskDefinition. Raises LaunchRefused when a role
        cannot be assumed or no interface can be made.
        """
        task_role_arn = self._check_roles(definition)
        subnets = deployment.network.subnets
        subnet_id = subnets[deployment.launches % len(subnets)]
        attachment_id = str(uuid4())
        try:
            interface = self.network.attach_interface(
                subnet_id,
                self._groups(deployment, subnet_id),
                f"arn:{self.partition}:ecs:{self.region}:{self.account}:attachment/{attachment_id}",
                deployment.network.assign_public_ip,
            )
        except NetworkError as error:
            raise LaunchRefused(f"was unable to place a task. Reason: {error}.") from error
        task_id = uuid4().hex
        return Task(
            arn=f"arn:{self.partition}:ecs:{self.region}:{self.account}:task/{service.cluster_name}/{task_id}",
            cluster_arn=service.cluster_arn,
            cluster_name=service.cluster_name,
            service_name=service.name,
            deployment_id=deployment.id,
            task_definition_arn=definition.arn,
            task_role_arn=task_role_arn,
            cpu=definition.cpu or "",
            memory=definition.memory or "",
            containers=list(definition.container_definitions),
            tags=task_tags(service, definition.tags),
            platform_version=platform_version(deployment),
            availability_zone=self.network.availability_zone(subnet_id),
            interface=interface,
            attachment_id=attachment_id,
            has_public_ip=deployment.network.assign_public_ip,
            created_at=now,
            status_since=now,
        )

    def _groups(self, deployment: Deployment, subnet_id: str) -> tuple[str, ...]:
        """Those of the deployment, else the VPC's default group."""
        chosen = deployment.network.security_groups
        if chosen or not self.network.has_subnet(subnet_id):
            return chosen
        return (self.network.default_security_group(self.network.vpc_of_subnet(subnet_id)),)

    def _check_roles(self, definition: Any) -> str:
        """ARN of the task role, empty when there is none."""
        execution_role = getattr(definition, "execution_role_arn", None)
        if execution_role:
            self._assume(execution_role)
        task_role = getattr(definition, "task_role_arn", None)
        return self._assume(task_role) if task_role else ""

    def _assume(self, name_or_arn: str) -> str:
        role = find_role(self.account, self.region, name_or_arn)
        if role is not None and role.trusts_ecs_tasks:
            return role.arn
        arn = name_or_arn
        if not arn.startswith("arn:"):
            arn = f"arn:{self.partition}:iam::{self.account}:role/{name_or_arn}"
        raise LaunchRefused(
            f"failed to launch a task with (error ECS was unable to assume the role '{arn}' that was provided for "
            "this task. Please verify that the role being passed has the proper trust relationship and permissions "
            "and that your IAM user has permissions to pass this role.)."
        )


def platform_version(deployment: Deployment) -> str:
    """The version that LATEST means."""
    return FARGATE_LATEST if deployment.platform_version == "LATEST" else deployment.platform_version


def task_tags(service: Service, definition_tags: Tags) -> Tags:
    """Managed tags, and those propagated from the service or the task definition."""
    managed = {"aws:ecs:clusterName": service.cluster_name, "aws:ecs:serviceName": service.name}
    tags = managed if service.enable_ecs_managed_tags else {}
    propagated = {"SERVICE": service.tags, "TASK_DEFINITION": definition_tags}.get(service.propagate_tags, [])
    merged = tags | {tag["key"]: tag.get("value", "") for tag in propagated}
    return [{"key": key, "value": value} for key, value in merged.items()]
