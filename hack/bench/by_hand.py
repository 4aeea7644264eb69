"""The main job by hand: the same dependent calls, independent ones side by side, nothing compared or read back.

A process of its own, as the operator is one: `python -m hack.bench.by_hand ADDRESS IDENTITY REGION` prints the seconds
from its first call to the agents' heartbeats, and those of its CPU. AWS comes from boto3's environment.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import boto3
from rds_enrollment.plan import names, policies
from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.plan.task_definition import AgentTask, register_body
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Direct

from hack.bench.wanted import PARTITION, REPLICAS, agent_task, database, join_token, vpc_of

_ROLE = "teleport-prod-aws"
_POLL_SECONDS = 0.02

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """Where to work: Teleport's address, a file with our identity there, an AWS region."""

    teleport: str
    identity: str
    region: str


class ByHand:
    """One run of the job."""

    def __init__(self, job: Job, teleport: TeleportClient, clients: dict[str, Any]) -> None:
        self._job = job
        self._teleport = teleport
        self._clients = clients
        self._threads = ThreadPoolExecutor(32)

    async def run(self) -> None:
        """Everything, in the order that the calls' results demand."""
        cluster, identity, found = await asyncio.gather(
            self._teleport.cluster(), self._aws("sts", "get_caller_identity"), self._databases()
        )
        account = str(identity["Account"])
        task = agent_task(cluster, account, self._job.region, vpc_of(found[0]))
        await asyncio.gather(
            self._integrate(task),
            self._deploy(task),
            *(self._teleport.create_database(database(item, account, task.region)) for item in found),
        )

    async def _databases(self) -> list[dict[str, Any]]:
        listings = await asyncio.gather(
            self._pages("describe_db_instances", "DBInstances"),
            self._pages("describe_db_clusters", "DBClusters"),
        )
        return listings[0]

    async def _integrate(self, task: AgentTask) -> None:
        issuer = names.issuer(task.proxy_address)
        trust = policies.integration_trust(PARTITION, task.account, issuer)
        deploy = policies.deploy_service(PARTITION, task.account, [names.role_name(task.task_role_arn)])
        await asyncio.gather(
            self._aws("iam", "create_open_id_connect_provider", Url=issuer, ClientIDList=[policies.AUDIENCE]),
            self._role(_ROLE, trust, ListDatabases=policies.list_databases(), DeployService=deploy),
        )
        arn = names.role_arn(PARTITION, task.account, _ROLE)
        await self._teleport.create_integration(Integration("prod-aws", "aws-oidc", arn))

    async def _deploy(self, task: AgentTask) -> None:
        role = names.role_name(task.task_role_arn)
        cluster = names.ecs_cluster(task.teleport_cluster)
        in_vpc = {"Name": "vpc-id", "Values": [task.vpc_id]}
        subnets, groups, *_ = await asyncio.gather(
            self._aws("ec2", "describe_subnets", Filters=[in_vpc, _tag("tier", "private")]),
            self._aws("ec2", "describe_security_groups", Filters=[in_vpc, _tag("role", "teleport-agents")]),
            self._role(role, policies.task_trust(), **{role: policies.task_policy()}),
            self._teleport.create_token(join_token(task)),
            self._aws("ecs", "create_cluster", clusterName=cluster, capacityProviders=["FARGATE"]),
        )
        revision = await self._aws("ecs", "register_task_definition", **register_body(task))
        service = names.ecs_service(task.vpc_id)
        await self._aws(
            "ecs",
            "create_service",
            cluster=cluster,
            serviceName=service,
            launchType="FARGATE",
            desiredCount=REPLICAS,
            taskDefinition=revision["taskDefinition"]["taskDefinitionArn"],
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": [each["SubnetId"] for each in subnets["Subnets"]],
                    "securityGroups": [each["GroupId"] for each in groups["SecurityGroups"]],
                    "assignPublicIp": "ENABLED",
                }
            },
        )
        await self._until_connected(cluster, service)

    async def _until_connected(self, cluster: str, service: str) -> None:
        while True:
            answer, agents = await asyncio.gather(
                self._aws("ecs", "describe_services", cluster=cluster, services=[service]),
                self._teleport.agents(),
            )
            if answer["services"][0]["runningCount"] == REPLICAS == len(agents):
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _role(self, role: str, trust: Any, **inline: Any) -> None:
        await self._aws("iam", "create_role", RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
        await asyncio.gather(
            *(
                self._aws(
                    "iam",
                    "put_role_policy",
                    RoleName=role,
                    PolicyName=name,
                    PolicyDocument=json.dumps(document),
                )
                for name, document in inline.items()
            )
        )

    async def _aws(self, service: str, operation: str, **parameters: Any) -> Any:
        return await self._thread(partial(getattr(self._clients[service], operation), **parameters))

    async def _pages(self, operation: str, member: str) -> list[dict[str, Any]]:
        def read() -> list[dict[str, Any]]:
            pages = self._clients["rds"].get_paginator(operation).paginate()
            return [item for page in pages for item in page[member]]

        return await self._thread(read)

    async def _thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _tag(name: str, value: str) -> dict[str, Any]:
    return {"Name": f"tag:{name}", "Values": [value]}


async def main(job: Job) -> tuple[float, float]:
    """Seconds of the job, and of the CPU that this process takes for it; clients are made before."""
    services = ("sts", "iam", "ecs", "ec2", "rds")
    clients: dict[str, Any] = {
        name: boto3.client(name, region_name=job.region)  # type: ignore[call-overload]
        for name in services
    }
    teleport = TeleportClient(
        Direct(Address.parse(job.teleport), IdentityFile(Path(job.identity), lambda: datetime.now(UTC)))
    )
    began, cpu = time.monotonic(), time.process_time()
    await ByHand(job, teleport, clients).run()
    seconds, used = time.monotonic() - began, time.process_time() - cpu
    teleport.close()
    return seconds, used


if __name__ == "__main__":
    print(*asyncio.run(main(Job(*sys.argv[1:]))))
