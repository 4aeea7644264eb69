"""Reads what an account holds of Teleport's, for manifests that adopt it. Everything raises Outcome."""

from collections.abc import Sequence

from rds_enrollment.aws import ec2, ecs, iam
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.plan import names
from rds_enrollment.plan.export import Found, FoundService
from rds_enrollment.plan.observed.teleport import TeleportCluster


async def look_around(adapters: Adapters, account: AwsAccount, regions: Sequence[str]) -> Found:
    """One look at Teleport, IAM, and ECS in these regions."""
    run, teleport = adapters.threads.run, adapters.teleport
    cluster, identity = await teleport.cluster(), await run(AwsAccount.identity, account)
    integrations = await teleport.integrations()
    role_names = sorted({names.role_name(item.role_arn) for item in integrations if item.role_arn})
    roles = [await run(iam.get_role, account, name) for name in role_names]
    services = [item for region in regions for item in await run(_services, account, cluster, region)]
    return Found(
        cluster=cluster,
        account=identity.account,
        regions=tuple(regions),
        integrations=tuple(integrations),
        roles={role.name: role for role in roles if role is not None},
        services=tuple(services),
        databases=tuple(await teleport.databases()),
        tokens=tuple(await teleport.tokens()),
    )


def _services(account: AwsAccount, cluster: TeleportCluster, region: str) -> list[FoundService]:
    found: list[FoundService] = []
    for service in ecs.list_services(account, region, names.ecs_cluster(cluster.name)):
        body = ecs.get_task_definition(account, region, service.task_definition_arn)
        if body is not None and service.status == "ACTIVE":
            subnets = ec2.get_subnets(account, region, sorted(service.network.subnets))
            found.append(FoundService(region, service, body, next((item.vpc_id for item in subnets), "")))
    return found
