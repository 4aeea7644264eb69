"""An AWS account and a Teleport in memory: applies a deployment's steps as the real ones do.

What they would refuse, or what only a mistaken plan would ask for, is an AssertionError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsDeployment,
    EcsService,
    RdsInventory,
    Role,
    SecurityGroup,
    Subnet,
    Task,
    TaskDefinition,
)
from rds_enrollment.plan.observed.teleport import Agent, JoinToken
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps.ecs import ServiceShape
from rds_enrollment.plan.steps.teleport import CreateJoinToken, DeleteJoinToken, UpdateJoinToken

from tests.unit.plan.deployment.build import (
    CLUSTER_ARN,
    FAMILY,
    GROUP,
    NOW,
    ROLE,
    ROLE_ARN,
    SERVICE_ARN,
    SUBNETS,
    TOKEN,
    VPC,
    agent,
    arn,
    task,
)

OWNER = "rds-enrollment.dev/owner"


@dataclass(kw_only=True)
class Account:
    """The things that one deployment needs, and whatever else is there under the same names."""

    marks: tuple[str, ...]
    """Owner marks of whatever may be changed; a write to anything else is a mistake."""
    role: Role | None = None
    token: JoinToken | None = None
    cluster: EcsCluster | None = None
    service: EcsService | None = None
    family: dict[int, TaskDefinition] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    other_services: int = 0
    written: list[Step] = field(default_factory=list)

    def observe(self) -> DeploymentWorld:
        """What the deployment's observer would read."""
        active = [item for item in self.family.values() if item.status == "ACTIVE"]
        return DeploymentWorld(
            vpc=None,  # nothing is written because of it
            inventory=RdsInventory("123456789012", "us-west-1", (), ()),
            databases=(),
            servers=(),
            role=self.role,
            token=self.token,
            subnets=tuple(Subnet(item, VPC, "us-west-1a") for item in SUBNETS),
            security_groups=(SecurityGroup(GROUP, VPC, "agents"),),
            managed_group=None,
            own_rules=(),
            cluster=self._cluster_seen(),
            service=self.service,
            serving=self._revision(self.service.task_definition_arn) if self.service else None,
            newest=max(active, key=lambda item: item.revision, default=None),
            revisions=tuple(item.arn for item in active),
            family=tuple(item for item in self.family.values() if item.status != "DELETE_IN_PROGRESS"),
            tasks=self.tasks,
            inactive=tuple(item.arn for item in self.family.values() if item.status == "INACTIVE"),
            log_group=None,
            rollouts=(),
            agents=tuple(_agent(item) for item in self.tasks),
        )

    def pass_time(self) -> None:
        """What was under way is through: rollouts completed, services drained, tasks started."""
        if self.cluster and self.cluster.status == "PROVISIONING":
            self.cluster = replace(self.cluster, status="ACTIVE")
        service = self.service
        if service is None:
            self.tasks = ()
        elif service.status == "ACTIVE":
            self._roll_out(service)
        else:
            self.service = replace(service, status="INACTIVE", deployments=(), running_count=0)
            self.tasks = ()

    def apply(self, step: Step) -> None:
        """One write."""
        handler = _HANDLERS.get(type(step))
        assert handler is not None, f"{step.name} is no write of a deployment"
        handler(self, step)
        self.written.append(step)

    def _may_change(self, tags: Mapping[str, str]) -> None:
        assert tags.get(OWNER) in self.marks, f"a write to what is another's: {dict(tags)}"

    def _cluster_seen(self) -> EcsCluster | None:
        if self.cluster is None:
            return None
        active = self.service is not None and self.service.status == "ACTIVE"
        return replace(self.cluster, active_services=self.other_services + active)

    def _revision(self, revision_arn: str) -> TaskDefinition | None:
        return next((item for item in self.family.values() if item.arn == revision_arn), None)

    def _roll_out(self, service: EcsService) -> None:
        deployment = _deployment(service.task_definition_arn, service.desired_count, "COMPLETED")
        self.service = replace(service, deployments=(deployment,), running_count=service.desired_count)
        self.tasks = tuple(
            task(f"t{index}", f"10.0.0.{index}", task_definition_arn=service.task_definition_arn)
            for index in range(service.desired_count)
        )

    def create_role(self, step: iam_steps.CreateRole) -> None:
        assert self.role is None
        assert step.role == ROLE
        self.role = Role(ROLE, ROLE_ARN, "/", step.trust, step.tags, {})

    def update_role_trust(self, step: iam_steps.UpdateRoleTrust) -> None:
        role = self._own_role(step.role)
        self.role = replace(role, trust=step.trust)

    def put_role_policy(self, step: iam_steps.PutRolePolicy) -> None:
        role = self._own_role(step.role)
        self.role = replace(role, policies={**role.policies, step.policy: step.document})

    def delete_role_policy(self, step: iam_steps.DeleteRolePolicy) -> None:
        role = self._own_role(step.role)
        self.role = replace(
            role, policies={name: item for name, item in role.policies.items() if name != step.policy}
        )

    def delete_role(self, step: iam_steps.DeleteRole) -> None:
        assert not self._own_role(step.role).policies
        self.role = None

    def _own_role(self, name: str) -> Role:
        assert self.role is not None
        assert self.role.name == name
        self._may_change(self.role.tags)
        return self.role

    def create_token(self, step: CreateJoinToken) -> None:
        assert self.token is None
        self.token = step.token

    def update_token(self, step: UpdateJoinToken) -> None:
        assert self.token is not None
        self._may_change(self.token.labels)
        self.token = step.token

    def delete_token(self, step: DeleteJoinToken) -> None:
        assert self.token is not None
        assert step.token == TOKEN
        self._may_change(self.token.labels)
        self.token = None

    def create_cluster(self, step: ecs_steps.CreateCluster) -> None:
        assert self.cluster is None or self.cluster.status == "INACTIVE"
        providers = frozenset(step.capacity_providers)
        self.cluster = EcsCluster(CLUSTER_ARN, step.cluster, "PROVISIONING", providers, 0, step.tags)

    def put_capacity_providers(self, step: ecs_steps.PutClusterCapacityProviders) -> None:
        assert self.cluster is not None
        self._may_change(self.cluster.tags)
        self.cluster = replace(self.cluster, capacity_providers=frozenset(step.capacity_providers))

    def delete_cluster(self, step: ecs_steps.DeleteCluster) -> None:
        seen = self._cluster_seen()
        assert seen is not None
        assert (seen.name, seen.active_services) == (step.cluster, 0)
        self._may_change(seen.tags)
        self.cluster = replace(seen, status="INACTIVE")

    def register(self, step: ecs_steps.RegisterTaskDefinition) -> None:
        number = max(self.family, default=0) + 1
        self.family[number] = TaskDefinition(arn(number), FAMILY, number, "ACTIVE", step.body, step.tags)

    def deregister(self, step: ecs_steps.DeregisterTaskDefinition) -> None:
        found = self._revision(step.arn)
        assert found is not None
        if self.service is not None and self.service.status != "INACTIVE":
            self._may_change(self.service.tags)
            assert step.arn != self.service.task_definition_arn
            assert step.arn not in {item.task_definition_arn for item in self.service.deployments}
        self.family[found.revision] = replace(found, status="INACTIVE")

    def delete_revision(self, step: ecs_steps.DeleteTaskDefinition) -> None:
        found = self._revision(step.arn)
        assert found is not None
        assert found.status == "INACTIVE", "ECS deletes no ACTIVE revision"
        self.family[found.revision] = replace(found, status="DELETE_IN_PROGRESS")

    def create_service(self, step: ecs_steps.CreateService) -> None:
        assert self.service is None or self.service.status == "INACTIVE"
        assert self.cluster is not None
        assert self.cluster.status == "ACTIVE"
        assert self.role is not None
        made = EcsService(
            arn=SERVICE_ARN,
            name=step.service,
            status="ACTIVE",
            launch_type="FARGATE",
            running_count=0,
            events=(),
            tags=step.tags,
            **self._shaped(step.shape, ()),
        )
        self.service = made

    def update_service(self, step: ecs_steps.UpdateService) -> None:
        service = self.service
        assert service is not None
        assert service.status == "ACTIVE"
        self._may_change(service.tags)
        kept = service.deployments
        if step.shape.task_definition_arn == service.task_definition_arn:
            kept = tuple(item for item in kept if item.status != "PRIMARY")
        self.service = replace(service, **self._shaped(step.shape, kept))

    def _shaped(self, shape: ServiceShape, older: tuple[EcsDeployment, ...]) -> dict[str, Any]:
        revision = self._revision(shape.task_definition_arn)
        assert revision is not None
        assert revision.status == "ACTIVE", "ECS refuses an INACTIVE revision"
        primary = _deployment(shape.task_definition_arn, shape.desired_count, "IN_PROGRESS")
        return {
            "desired_count": shape.desired_count,
            "task_definition_arn": shape.task_definition_arn,
            "network": shape.network,
            "minimum_healthy_percent": shape.minimum_healthy_percent,
            "maximum_percent": shape.maximum_percent,
            "circuit_breaker": shape.circuit_breaker,
            "circuit_breaker_rollback": shape.circuit_breaker_rollback,
            "availability_zone_rebalancing": shape.availability_zone_rebalancing,
            "propagate_tags": shape.propagate_tags,
            "execute_command": shape.execute_command,
            "deployments": (primary, *(replace(item, status="ACTIVE") for item in older)),
        }

    def delete_service(self, step: ecs_steps.DeleteService) -> None:
        assert self.service is not None
        assert (self.service.name, self.service.status) == (step.service, "ACTIVE")
        self._may_change(self.service.tags)
        self.service = replace(self.service, status="DRAINING", desired_count=0)


def _deployment(revision_arn: str, count: int, state: str) -> EcsDeployment:
    running = count if state == "COMPLETED" else 0
    return EcsDeployment("ecs-svc/1", "PRIMARY", state, "", revision_arn, count, running, 0, NOW, NOW)


def _agent(of: Task) -> Agent:
    return agent(of.private_dns_name)


_HANDLERS: Mapping[type[Step], Callable[[Account, Any], None]] = {
    iam_steps.CreateRole: Account.create_role,
    iam_steps.UpdateRoleTrust: Account.update_role_trust,
    iam_steps.PutRolePolicy: Account.put_role_policy,
    iam_steps.DeleteRolePolicy: Account.delete_role_policy,
    iam_steps.DeleteRole: Account.delete_role,
    CreateJoinToken: Account.create_token,
    UpdateJoinToken: Account.update_token,
    DeleteJoinToken: Account.delete_token,
    ecs_steps.CreateCluster: Account.create_cluster,
    ecs_steps.PutClusterCapacityProviders: Account.put_capacity_providers,
    ecs_steps.DeleteCluster: Account.delete_cluster,
    ecs_steps.RegisterTaskDefinition: Account.register,
    ecs_steps.DeregisterTaskDefinition: Account.deregister,
    ecs_steps.DeleteTaskDefinition: Account.delete_revision,
    ecs_steps.CreateService: Account.create_service,
    ecs_steps.UpdateService: Account.update_service,
    ecs_steps.DeleteService: Account.delete_service,
}
