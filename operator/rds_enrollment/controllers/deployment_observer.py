"""What a pass over a DatabaseServiceDeployment reads."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.api.roles import IamRole
from rds_enrollment.aws import ecs, iam, insights, logs
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters, seen
from rds_enrollment.controllers.converge import Changed
from rds_enrollment.controllers.neighbours import claims_beside, neighbours_of, observed_roles
from rds_enrollment.controllers.network_reads import NetworkReads
from rds_enrollment.controllers.reads import PassReads, read_role
from rds_enrollment.controllers.region_facts import RegionFacts
from rds_enrollment.plan.deployment.analyzer import wants_insights
from rds_enrollment.plan.deployment.claims import is_contestable
from rds_enrollment.plan.deployment.databases import ambiguous_endpoints
from rds_enrollment.plan.deployment.preflight import hosts, starts_tasks
from rds_enrollment.plan.deployment.revision import KEPT_REVISIONS, collects
from rds_enrollment.plan.deployment.rollout import needs_history
from rds_enrollment.plan.deployment.tails import streams_to_read
from rds_enrollment.plan.deployment.version import wants_another_version
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsService,
    LogGroup,
    Role,
    ServiceDeployment,
    Task,
    TaskDefinition,
)
from rds_enrollment.plan.observed.insights import Insights
from rds_enrollment.plan.observed.kubernetes import Claim, Neighbour
from rds_enrollment.plan.observed.network import Address, Vpc
from rds_enrollment.plan.observed.teleport import Agent, Database, DatabaseServer

_ROLE = (ConditionType.ROLE_READY,)
_REVISION = (ConditionType.TASK_DEFINITION_REGISTERED,)
_SERVICE = (ConditionType.SERVICE_DEPLOYED,)
"""The conditions whose writes make void what was read."""


class DeploymentObserver:
    """Reads everything that the plan of one deployment needs."""

    def __init__(
        self,
        adapters: Adapters,
        account: AwsAccount,
        wanted: WantedDeployment,
        *,
        facts_age: float | None,
        has_service: bool,
    ) -> None:
        """`facts_age`: how old network facts may be, in seconds; None: none are read. `has_service`: whether a service
        was there before: then its tasks are listed without waiting for whether it still is."""
        self._adapters = adapters
        self._account = account
        self._wanted = wanted
        self._has_service = has_service
        self._tearing_down = facts_age is None
        """Whether everything is to go: then no network facts are read."""
        self._starts = False
        """Whether this pass has just had tasks started: none of them has had the time to log anything."""
        self._log_tails: Mapping[str, Seen[tuple[str, ...]]] = {}
        """As they were last read."""
        self._run = adapters.threads.run
        self._reads = PassReads()
        self._region = RegionFacts(adapters, account, wanted.scope.account, wanted.region, facts_age)
        self._network = NetworkReads(adapters.threads, account, wanted, self._region, self._reads)

    async def observe(self, changed: Changed = None) -> DeploymentWorld:
        """What has a known name together with what the service points to, and then what depends on both.

        Teleport's heartbeats come from memory: they are looked at last, as AWS's answers take long enough for the first
        agents of a new service.
        """
        self._reads.forget(None if self._tearing_down else changed)
        self._starts = changed is not None and ConditionType.SERVICE_DEPLOYED in changed
        async with asyncio.TaskGroup() as first:
            service = first.create_task(self._service())
            newest = first.create_task(self._newest())
            read = {name: first.create_task(reading) for name, reading in self._named().items()}
            read |= {
                "serving": first.create_task(self._serving(service, newest)),
                "tasks": first.create_task(self._tasks(service)),
                "revisions": first.create_task(self._revisions(newest)),
            }
            first.create_task(self._foreseen(service))
        world = DeploymentWorld(
            service=service.result(),
            newest=newest.result(),
            observed_at=self._adapters.now(),
            **{name: task.result() for name, task in read.items()},
        )
        agents, servers = await asyncio.gather(seen(self._agents()), seen(self._servers()))
        world = replace(world, agents=agents, servers=servers)
        world = replace(world, addresses={**world.addresses, **await self._endpoints(world)})
        async with asyncio.TaskGroup() as second:
            read = {name: second.create_task(reading) for name, reading in self._dependent(world).items()}
        return replace(world, **{name: task.result() for name, task in read.items()})

    def _named(self) -> dict[str, Coroutine[Any, Any, Any]]:
        """Reads of what has a known name, by the field of the world that they fill."""
        wanted, once, teleport = self._wanted, self._reads.once, self._adapters.teleport
        return {
            "role": once("role", _ROLE, partial(self._role, wanted.task_role)),
            "execution_role": once("execution role", _ROLE, partial(self._role, wanted.execution_role)),
            "former_roles": once("former roles", _ROLE, self._former_roles),
            "token": seen(teleport.get_token(wanted.join_token)),
            "vpc": self._region.vpc(wanted.vpc_id),
            "subnets": self._network.subnets(),
            "security_groups": self._network.security_groups(),
            "managed_group": self._network.managed_group(),
            "own_rules": self._network.own_rules(),
            "addresses": self._addresses(),
            "inventory": self._region.inventory(),
            "databases": seen(self._databases()),
            "cluster": once("cluster", _SERVICE, self._cluster),
            "log_group": once("log group", _REVISION, self._log_group),
        }

    def _dependent(self, world: DeploymentWorld) -> dict[str, Coroutine[Any, Any, Any]]:
        """Reads that only some worlds need, by the field that they fill."""
        return {
            "rollouts": self._rollouts(world),
            "fargate_vcpus": self._fargate_vcpus(world),
            "vpc": self._vpc_with_dns(world),
            "claims": seen(self._claims(world)),
            "inactive": self._inactive(world),
            "database_rules": self._network.database_rules(world),
            "family": self._family(world),
            "neighbours": self._neighbours(world),
            "log_tails": self._tails(world),
            "role_users": seen(self._role_users()),
            "insights": self._insights(),
        }

    async def _cluster(self) -> EcsCluster | None:
        wanted = self._wanted
        return await self._run(ecs.get_cluster, self._account, wanted.region, wanted.cluster_name)

    async def _service(self) -> Seen[EcsService | None]:
        wanted = self._wanted
        names = (wanted.region, wanted.cluster_name, wanted.service_name)
        return await self._reads.once(
            "service", _SERVICE, lambda: self._run(ecs.get_service, self._account, *names)
        )

    async def _newest(self) -> Seen[TaskDefinition | None]:
        wanted = self._wanted
        return await self._reads.once("newest", _REVISION, lambda: self._revision(wanted.family))

    async def _revision(self, name: str) -> TaskDefinition | None:
        return await self._run(ecs.get_task_definition, self._account, self._wanted.region, name)

    async def _revisions(self, asked: "asyncio.Task[Seen[TaskDefinition | None]]") -> Seen[tuple[str, ...]]:
        """Where no more can be there than are kept, they are not counted."""
        newest = await asked
        if not self._tearing_down and newest is None:
            return ()
        if (
            not self._tearing_down
            and isinstance(newest, TaskDefinition)
            and newest.revision <= KEPT_REVISIONS
        ):
            return Unseen()
        return await self._reads.once("revisions", _REVISION, self._listed_revisions)

    async def _listed_revisions(self) -> tuple[str, ...]:
        wanted = self._wanted
        return await self._run(ecs.list_active_task_definitions, self._account, wanted.region, wanted.family)

    async def _role(self, role: IamRole | None) -> Role | None:
        """Of an observed role everything counts that it allows."""
        if role is None:
            return None
        if role.managed:
            return await read_role(self._adapters.threads, self._account, role.name, (role.name,))
        return await self._run(iam.get_role_with_all_policies, self._account, role.name)

    async def _former_roles(self) -> tuple[Role, ...]:
        threads, account = self._adapters.threads, self._account
        found = [await read_role(threads, account, name, (name,)) for name in self._wanted.former_roles]
        return tuple(role for role in found if role is not None)

    async def _databases(self) -> tuple[Database, ...]:
        return tuple(await self._adapters.teleport.databases_as_told())

    async def _servers(self) -> tuple[DatabaseServer, ...]:
        return tuple(await self._adapters.teleport.database_servers())

    async def _addresses(self) -> Mapping[str, tuple[Address, ...]]:
        if self._tearing_down:
            return {}
        return {name: await self._adapters.host_names.addresses(name) for name in sorted(hosts(self._wanted))}

    async def _endpoints(self, world: DeploymentWorld) -> Mapping[str, tuple[Address, ...]]:
        """Of the databases whose interface is not clear."""
        unclear = await asyncio.to_thread(ambiguous_endpoints, self._wanted, world)
        return {host: await self._adapters.host_names.addresses(host) for host in unclear}

    async def _fargate_vcpus(self, world: DeploymentWorld) -> Seen[float]:
        """What runs already is within the quota."""
        return await self._region.fargate_vcpus() if starts_tasks(self._wanted, world) else Unseen()

    async def _vpc_with_dns(self, world: DeploymentWorld) -> Seen[Vpc | None]:
        """Tasks that run have resolved what they need. What cannot be read is no trouble, and is not judged."""
        if not isinstance(world.vpc, Vpc) or not starts_tasks(self._wanted, world):
            return world.vpc
        dns = await self._region.vpc_dns(world.vpc.id)
        return world.vpc if isinstance(dns, Unseen) else world.vpc.with_dns(dns)

    async def _serving(
        self,
        service_read: "asyncio.Task[Seen[EcsService | None]]",
        newest_read: "asyncio.Task[Seen[TaskDefinition | None]]",
    ) -> Seen[TaskDefinition | None]:
        """The newest revision is mostly the one in service: then it is not read twice."""
        service, newest = await service_read, await newest_read
        if not isinstance(service, EcsService):
            return service
        arn = service.task_definition_arn
        if isinstance(newest, TaskDefinition) and newest.arn == arn:
            return newest
        return await self._reads.once(arn, (*_REVISION, *_SERVICE), lambda: self._revision(arn))

    async def _foreseen(self, asked: "asyncio.Task[Seen[EcsService | None]]") -> None:
        """Where there is no service yet its tasks will need room, and names: asked for beside all the rest."""
        if not self._tearing_down and await asked is None:
            await asyncio.gather(self._region.fargate_vcpus(), self._region.vpc_dns(self._wanted.vpc_id))

    async def _rollouts(self, world: DeploymentWorld) -> Seen[tuple[ServiceDeployment, ...]]:
        """A service that is as wanted is not asked how it came to be so."""
        wanted, run = self._wanted, self._run
        if not needs_history(wanted, world):
            return Unseen()
        return await seen(
            run(ecs.list_rollouts, self._account, wanted.region, wanted.cluster_name, wanted.service_name)
        )

    async def _claims(self, world: DeploymentWorld) -> tuple[Claim, ...]:
        if not is_contestable(self._wanted, world):
            return ()
        return await claims_beside(self._adapters.objects, self._wanted)

    async def _neighbours(self, world: DeploymentWorld) -> Seen[tuple[Neighbour, ...]]:
        if self._tearing_down or not wants_another_version(self._wanted, world):
            return ()
        return await seen(neighbours_of(self._adapters.objects, self._wanted))

    async def _role_users(self) -> Mapping[str, tuple[str, ...]]:
        if not self._tearing_down:
            return {}
        users: dict[str, list[str]] = {}
        for raw in await self._adapters.objects.list(DATABASE_SERVICE_DEPLOYMENT.kind):
            for arn in observed_roles(raw):
                users.setdefault(arn, []).append(f"{raw['metadata']['namespace']}/{raw['metadata']['name']}")
        return {arn: tuple(sorted(found)) for arn, found in users.items()}

    async def _inactive(self, world: DeploymentWorld) -> Seen[tuple[str, ...]]:
        wanted, run = self._wanted, self._run
        if not collects(wanted, world):
            return Unseen()
        return await seen(
            run(ecs.list_inactive_task_definitions, self._account, wanted.region, wanted.family)
        )

    async def _family(self, world: DeploymentWorld) -> Seen[tuple[TaskDefinition, ...]]:
        """Only a teardown, which looks at no network, asks whose each revision is; and once the service is gone."""
        service, run = world.service, self._run
        if not self._tearing_down or isinstance(service, Unseen):
            return Unseen()
        if service is not None and service.status != "INACTIVE":
            return ()
        return await seen(run(ecs.list_family, self._account, self._wanted.region, self._wanted.family))

    async def _tasks(self, asked: "asyncio.Task[Seen[EcsService | None]]") -> Seen[tuple[Task, ...]]:
        early = await self._task_arns() if self._has_service else None
        service = await asked
        if service is None:
            return ()
        if not isinstance(service, EcsService):
            return service
        self._has_service = True
        arns = await self._task_arns() if early is None else early
        if isinstance(arns, Unseen):
            return arns
        names = (self._wanted.region, self._wanted.cluster_name, self._wanted.service_name)
        return await self._reads.once(
            "tasks", _SERVICE, lambda: self._run(ecs.describe_tasks, self._account, *names, arns)
        )

    async def _task_arns(self) -> Seen[tuple[str, ...]]:
        wanted = self._wanted
        service = (wanted.region, wanted.cluster_name, wanted.service_name)
        return await self._reads.once(
            "task ARNs", _SERVICE, lambda: self._run(ecs.list_tasks, self._account, *service)
        )

    async def _tails(self, world: DeploymentWorld) -> Mapping[str, Seen[tuple[str, ...]]]:
        """Only of agents that ended or do not connect."""
        if self._tearing_down:
            return {}
        if not self._starts:
            self._log_tails = await self._read_tails(world)
        return self._log_tails

    async def _read_tails(self, world: DeploymentWorld) -> Mapping[str, Seen[tuple[str, ...]]]:
        region, run = self._wanted.region, self._run
        return {
            stream.task_arn: await seen(
                run(logs.get_log_tail, self._account, region, stream.group, stream.name)
            )
            for stream in streams_to_read(self._wanted, world)
        }

    async def _insights(self) -> Seen[Insights]:
        wanted = self._wanted
        if not wants_insights(wanted):
            return Unseen()
        return await seen(self._run(insights.get_insights, self._account, wanted.region, wanted.owner.mark))

    async def _log_group(self) -> LogGroup | None:
        """A group that is not ours to make is not looked at."""
        wanted, run = self._wanted, self._run
        if not wanted.owns_log_group:
            return None
        return await run(logs.get_log_group, self._account, wanted.region, wanted.log_group)

    async def _agents(self) -> tuple[Agent, ...]:
        """Teleport lists expired heartbeats until it gets to removing them."""
        now = self._adapters.now()
        agents = await self._adapters.teleport.agents()
        return tuple(agent for agent in agents if agent.expires is None or agent.expires > now)
