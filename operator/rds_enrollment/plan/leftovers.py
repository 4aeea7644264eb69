"""What carries a mark of this operator and belongs to no object any more: which writes remove it, and what must go
before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan import names, roles
from rds_enrollment.plan.deployment.analyzer import insights_removal
from rds_enrollment.plan.deployment.teardown import revision_removal
from rds_enrollment.plan.observed.aws import (
    EcsCluster,
    EcsService,
    IdentityProvider,
    LogGroup,
    Role,
    TaskDefinition,
)
from rds_enrollment.plan.observed.insights import Insights, InsightsPath
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupRule, SecurityGroupUse
from rds_enrollment.plan.observed.teleport import Database, Integration, JoinToken
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps import logs as log_steps
from rds_enrollment.plan.steps.security_groups import DeleteSecurityGroup, RevokeSecurityGroupIngress
from rds_enrollment.plan.steps.teleport import DeleteDatabase, DeleteIntegration, DeleteJoinToken
from rds_enrollment.plan.text import counted, listing

_SERVICE = ConditionType.SERVICE_DEPLOYED
_ACCESS = ConditionType.DATABASE_ACCESS_ALLOWED
_REVISION = ConditionType.TASK_DEFINITION_REGISTERED
TELEPORT, GLOBAL = "teleport", "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """What one region holds."""

    name: str
    cluster: EcsCluster | None
    """The ECS cluster of this Teleport cluster."""
    services: tuple[EcsService, ...]
    revisions: tuple[TaskDefinition, ...]
    """Of all task families of this Teleport cluster."""
    log_groups: tuple[LogGroup, ...]
    """Those that the revisions name."""
    groups: tuple[ManagedGroup, ...]
    rules: tuple[SecurityGroupRule, ...]
    insights: Insights = field(default_factory=Insights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that may carry a mark in one account and some of its regions, and whose objects exist."""

    account: str
    owner_id: str
    living: frozenset[Owner]
    """Of every object that there is in the namespaces looked at."""
    namespaces: frozenset[str]
    """Those looked at; empty: all."""
    regions: tuple[Region, ...]
    roles: tuple[Role, ...]
    provider: IdentityProvider | None
    provider_users: tuple[str, ...]
    databases: tuple[Database, ...]
    tokens: tuple[JoinToken, ...]
    integrations: tuple[Integration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing that nobody looks after. `place` is a region, `global` for IAM, or `teleport`."""

    owner: str
    """Its mark."""
    place: str
    resource: str
    steps: tuple[Step, ...] = ()
    """The writes that remove it, in order; none while it has to wait."""
    waits: str = ""
    """What has to go or end before."""
    ends_by_itself: bool = False
    """Whether time alone is what it waits for."""

    @property
    def identity(self) -> tuple[str, str]:
        return self.place, self.resource


def leftovers(survey: Survey) -> tuple[Leftover, ...]:
    """In the order in which they may go. Agents go first, what they need waits until they are gone."""
    agents = [item for region in survey.regions for item in _services(survey, region)]
    draining = {item.owner: item.resource for item in agents}
    rest = chain(
        _teleport(survey),
        *(_of_region(survey, region) for region in survey.regions),
        _roles(survey),
    )
    return (
        *agents,
        *(_after(item, draining) for item in rest),
        *(item for region in survey.regions for item in _cluster(survey, region)),
        *_provider(survey),
    )


def _after(item: Leftover, draining: Mapping[str, str]) -> Leftover:
    """Tasks that drain still use what belongs to the same owner."""
    service = draining.get(item.owner)
    if service is None:
        return item
    return replace(item, steps=(), waits=f"{service} goes first", ends_by_itself=True)


def _mark(survey: Survey, tags: Mapping[str, str]) -> str | None:
    """The mark of an object of this operator that is gone; None for everybody else's."""
    owner = Owner.of_mark(tags.get(OWNER_MARK, ""))
    if owner is None or owner.owner_id != survey.owner_id or owner in survey.living:
        return None
    return owner.mark if not survey.namespaces or owner.namespace in survey.namespaces else None


def _left(
    survey: Survey, tags: Mapping[str, str], place: str, resource: str, *writes: Step
) -> Iterator[Leftover]:
    mark = _mark(survey, tags)
    if mark is not None:
        yield Leftover(owner=mark, place=place, resource=resource, steps=writes)


def _services(survey: Survey, region: Region) -> Iterator[Leftover]:
    for service in region.services:
        mark, resource = _mark(survey, service.tags), f"ECS service {service.name}"
        if mark is None or service.status == "INACTIVE" or region.cluster is None:
            continue
        if service.status == "DRAINING":
            waits = f"{counted(service.running_count, 'task')} to drain"
            yield Leftover(owner=mark, place=region.name, resource=resource, waits=waits, ends_by_itself=True)
            continue
        delete = ecs_steps.DeleteService(
            condition=_SERVICE, region=region.name, cluster=region.cluster.name, service=service.name
        )
        yield Leftover(owner=mark, place=region.name, resource=resource, steps=(delete,))


def _of_region(survey: Survey, region: Region) -> Iterator[Leftover]:
    place = region.name
    for rule in region.rules:
        revocation = RevokeSecurityGroupIngress(
            condition=_ACCESS, region=place, group=rule.group, rules=(rule.id,)
        )
        yield from _left(survey, rule.tags, place, f"rule {rule.id} of {rule.group}", revocation)
    for revision in region.revisions:
        resource = f"task definition {revision.family}:{revision.revision}"
        yield from _left(survey, revision.tags, place, resource, *revision_removal(place, revision))
    for logs in region.log_groups:
        deletion = log_steps.DeleteLogGroup(condition=_REVISION, region=place, group=logs.name)
        yield from _left(survey, logs.tags, place, f"log group {logs.name}", deletion)
    for group in region.groups:
        yield from _group(survey, place, group)
    for path in region.insights.paths:
        yield from _path(survey, region, path)


def _group(survey: Survey, place: str, group: ManagedGroup) -> Iterator[Leftover]:
    """EC2 keeps a group while an interface has it or a rule of another group names it; our own rules go before it."""
    use = group.use or SecurityGroupUse()
    deletion = DeleteSecurityGroup(condition=ConditionType.NETWORK_READY, region=place, group=group.id)
    for item in _left(survey, group.tags, place, f"security group {group.id}", deletion):
        if not use.interfaces and not use.groups:
            yield item
            continue
        users = listing([*use.interfaces, *(f"rules of {name}" for name in use.groups)])
        yield replace(item, steps=(), waits=f"used by {users}", ends_by_itself=not use.groups)


def _path(survey: Survey, region: Region, path: InsightsPath) -> Iterator[Leftover]:
    """An analysis that is under way ends first."""
    writes = insights_removal(region.name, region.insights, path)
    for item in _left(survey, path.tags, region.name, f"network insights path {path.id}", *writes):
        if all(analysis.ended for analysis in region.insights.of(path)):
            yield item
        else:
            yield replace(item, steps=(), waits="an analysis of it to end", ends_by_itself=True)


def _teleport(survey: Survey) -> Iterator[Leftover]:
    """Only what is about the account and the regions that were looked at."""
    places = {region.name for region in survey.regions}
    for database in survey.databases:
        if database.account_id == survey.account and database.region in places:
            mark = database.labels.get(OWNER_MARK, "")
            step = DeleteDatabase(
                condition=ConditionType.DATABASES_ENROLLED, database=database.name, owner=mark
            )
            yield from _left(survey, database.labels, TELEPORT, f"db {database.name}", step)
    prefixes = tuple(names.join_token(survey.account, place, "") for place in places)
    for token in survey.tokens:
        if token.name.startswith(prefixes):
            mark = token.labels.get(OWNER_MARK, "")
            removal = DeleteJoinToken(condition=ConditionType.JOIN_TOKEN_READY, token=token.name, owner=mark)
            yield from _left(survey, token.labels, TELEPORT, f"token {token.name}", removal)
    for integration in survey.integrations:
        if f"::{survey.account}:" in integration.role_arn:
            mark = integration.labels.get(OWNER_MARK, "")
            end = DeleteIntegration(
                condition=ConditionType.INTEGRATION_REGISTERED, integration=integration.name, owner=mark
            )
            yield from _left(survey, integration.labels, TELEPORT, f"integration {integration.name}", end)


def _roles(survey: Survey) -> Iterator[Leftover]:
    for role in survey.roles:
        mark = role.tags.get(OWNER_MARK, "")
        yield from _left(survey, role.tags, GLOBAL, f"IAM role {role.name}", *roles.removal(role, mark))


def _cluster(survey: Survey, region: Region) -> Iterator[Leftover]:
    """It is shared: no deployment of this operator may be left, and no service of anybody."""
    cluster = region.cluster
    if cluster is None or cluster.status == "INACTIVE" or _is_kept(survey, cluster.tags, "dbsvc"):
        return
    resource = f"ECS cluster {cluster.name}"
    if cluster.active_services or any(item.status == "DRAINING" for item in region.services):
        ours = all(_mark(survey, item.tags) for item in region.services if item.status != "INACTIVE")
        waits = f"{counted(cluster.active_services, 'active service')} in it"
        yield Leftover(
            owner=survey.owner_id, place=region.name, resource=resource, waits=waits, ends_by_itself=ours
        )
        return
    delete = ecs_steps.DeleteCluster(condition=_SERVICE, region=region.name, cluster=cluster.name)
    yield Leftover(owner=survey.owner_id, place=region.name, resource=resource, steps=(delete,))


def _provider(survey: Survey) -> Iterator[Leftover]:
    provider = survey.provider
    if provider is None or _is_kept(survey, provider.tags, "awsoidc"):
        return
    found = Leftover(owner=survey.owner_id, place=GLOBAL, resource=f"IAM identity provider {provider.url}")
    leaving = {role.arn for role in survey.roles if _mark(survey, role.tags)}
    if survey.provider_users:
        ours = leaving >= set(survey.provider_users)
        waits = f"used by {listing(survey.provider_users)}"
        yield replace(found, waits=waits, ends_by_itself=ours)
        return
    delete = iam_steps.DeleteIdentityProvider(
        condition=ConditionType.IDENTITY_PROVIDER_READY, arn=provider.arn
    )
    yield replace(found, steps=(delete,))


def _is_kept(survey: Survey, tags: Mapping[str, str], kind: str) -> bool:
    """Whether a shared thing is not ours, or an object may use it: whoever sees some namespaces only cannot tell."""
    if tags.get(OWNER_MARK) != survey.owner_id or survey.namespaces:
        return True
    return any(owner.kind == kind for owner in survey.living)
