"""What manifests say of one account: everything that a policy can be scoped by."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import AdoptionPolicy, CommonSpec, Resource
from rds_enrollment.api.database_service_deployment import TASK_ROLE_PREFIX, DatabaseServiceDeployment
from rds_enrollment.api.deployment_template import DeploymentTemplate, VpcOverride
from rds_enrollment.api.network import DatabaseAccess
from rds_enrollment.api.rds_enrollment import RdsEnrollment
from rds_enrollment.api.roles import IamRole, TaskRole
from rds_enrollment.plan.deployment.wanted import Choice, WantedDeployment
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.plan.ownership import Adoption, Owner
from rds_enrollment.plan.scope import Scope

ANY_VPC = "vpc-*"
"""Stands for the VPCs that only the databases tell."""
ANY_OWNER = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What manifests do not say: the Teleport cluster, and who the operator is."""

    name: str
    proxy_address: str
    """`host:port`."""
    partition: str
    owner_id: str = ANY_OWNER


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything in one account that is reached with the same credentials."""

    cluster: Cluster
    account: str
    assume_role_arn: str | None
    """None: the operator's own credentials."""
    integrations: tuple[WantedIntegration, ...] = ()
    deployments: tuple[WantedDeployment, ...] = ()
    regions: frozenset[str] = field(default_factory=frozenset)


def estates(objects: Iterable[Resource], cluster: Cluster) -> tuple[Estate, ...]:
    """One for each account and role. An object may be among the objects as it was and as it is to be.

    Raises LookupError: an object refers to an AwsOidcIntegration that is not among the objects.
    """
    found = tuple(objects)
    places: dict[tuple[str, str | None], list[AwsOidcIntegration]] = {}
    for item in found:
        if isinstance(item, AwsOidcIntegration):
            places.setdefault((item.spec.account_id, item.spec.assume_role_arn), []).append(item)
    known = {_key(item) for members in places.values() for item in members}
    users = [
        (_key_of_integration(item, known), item) for item in found if not isinstance(item, AwsOidcIntegration)
    ]
    return tuple(
        _estate(cluster, members, [item for key, item in users if key in set(map(_key, members))])
        for members in places.values()
    )


def _key(item: Resource) -> tuple[str, str]:
    return item.metadata.namespace, item.metadata.name


def _key_of_integration(item: Resource, known: Collection[tuple[str, str]]) -> tuple[str, str]:
    if not isinstance(item, RdsEnrollment | DatabaseServiceDeployment):
        raise TypeError(f"{type(item).__name__} refers to no integration")
    key = item.spec.integration_ref.key(item.metadata.namespace)
    if key not in known:
        raise LookupError(
            f"{item.kind} {item.metadata.namespace}/{item.metadata.name} refers to AwsOidcIntegration "
            f"{'/'.join(key)}, which is in none of the manifests"
        )
    return key


def _estate(cluster: Cluster, members: list[AwsOidcIntegration], users: list[Resource]) -> Estate:
    deployments: list[WantedDeployment] = []
    regions: set[str] = set()
    for item in users:
        if isinstance(item, RdsEnrollment):
            regions.update(item.spec.regions)
            deployments += _generated(cluster, members, item)
        elif isinstance(item, DatabaseServiceDeployment):
            regions.add(item.spec.region)
            deployments.append(
                _deployment(cluster, members, item, item.spec.region, item.spec.vpc_id, item.spec)
            )
    return Estate(
        cluster=cluster,
        account=members[0].spec.account_id,
        assume_role_arn=members[0].spec.assume_role_arn,
        integrations=tuple(_integration(cluster, item, deployments) for item in members),
        deployments=tuple(deployments),
        regions=frozenset(regions),
    )


def _scope(cluster: Cluster, integration: AwsOidcIntegration) -> Scope:
    """What depends on the cluster's version is nothing to IAM."""
    teleport = TeleportCluster(cluster.name, "0.0.0", cluster.proxy_address, cloud=False)
    return Scope(
        account=integration.spec.account_id,
        partition=cluster.partition,
        integration=integration.integration_name,
        cluster=teleport,
        enterprise=False,
    )


def _owner(cluster: Cluster, item: Resource, kind: str) -> Owner:
    return Owner(cluster.owner_id, kind, item.metadata.namespace, item.metadata.name)


def _integration(
    cluster: Cluster, item: AwsOidcIntegration, deployments: Iterable[WantedDeployment]
) -> WantedIntegration:
    paths = {f"{role.path}{role.name}".removeprefix("/") for wanted in deployments for role in wanted.roles}
    chosen = {path for path in paths if not path.startswith(TASK_ROLE_PREFIX)}
    return WantedIntegration(
        scope=_scope(cluster, item),
        owner=_owner(cluster, item, "awsoidc"),
        role=item.spec.role,
        task_roles=frozenset({f"{TASK_ROLE_PREFIX}*", *chosen}),
        user_tags=item.spec.tags,
        adoption=Adoption(policy=item.spec.adoption_policy),
        manages_provider=item.manages_identity_provider,
    )


def _generated(
    cluster: Cluster, members: list[AwsOidcIntegration], item: RdsEnrollment
) -> list[WantedDeployment]:
    """Those of the VPCs that the manifest names, and else one that stands for all."""
    template = item.spec.deployment
    if template is None:
        return []
    selector = item.spec.databases.selector
    overrides = {override.vpc_id: override for override in template.per_vpc}
    vpcs = [*(selector.vpc_ids if selector and selector.vpc_ids else (ANY_VPC,)), *overrides]
    return [
        _deployment(cluster, members, item, region, vpc_id, _merged(template, overrides.get(vpc_id)))
        for region in item.spec.regions
        for vpc_id in dict.fromkeys(vpcs)
    ]


def _merged(template: DeploymentTemplate, override: VpcOverride | None) -> DeploymentTemplate:
    if override is None:
        return template
    said = {name: getattr(override, name) for name in override.model_fields_set - {"vpc_id"}}
    return template.model_copy(update=said)


def _deployment(
    cluster: Cluster,
    members: list[AwsOidcIntegration],
    item: RdsEnrollment | DatabaseServiceDeployment,
    region: str,
    vpc_id: str,
    agents: AgentSpec,
) -> WantedDeployment:
    key = item.spec.integration_ref.key(item.metadata.namespace)
    integration = next(it for it in members if _key(it) == key)
    spec: CommonSpec = item.spec
    groups = getattr(agents, "security_groups", None)
    return WantedDeployment(
        scope=_scope(cluster, integration),
        owner=_owner(cluster, item, "dbsvc"),
        region=region,
        vpc_id=vpc_id,
        subnets=Choice(),
        security_groups=Choice(managed=groups is not None and groups.managed is not None),
        replicas=1,
        task_role=_named(agents.task_role or TaskRole(), vpc_id),
        execution_role=agents.execution_role,
        user_tags=spec.tags,
        agents=agents,
        manages_access=getattr(agents, "database_access", None) is DatabaseAccess.MANAGE,
        adoption=Adoption(policy=spec.adoption_policy),
    )


def _named(role: TaskRole, vpc_id: str) -> IamRole:
    """The role of a VPC; the name of one that stands for several has a `*` in it, as no role's name has."""
    return IamRole.model_construct(
        name=role.name or f"{TASK_ROLE_PREFIX}{vpc_id}",
        path=role.path,
        permissions_boundary=role.permissions_boundary,
        management_policy=role.management_policy,
    )


def adopts(wanted: WantedDeployment, policy: AdoptionPolicy) -> bool:
    """Whether what somebody else made is to become the deployment's, by this policy."""
    return wanted.adoption.policy is policy
