"""The policies of the operator's own identities: the table's actions, scoped by what an estate's manifests name.

Those of the roles that the operator makes for others (the integration, the tasks) are in `plan.policies`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.api.roles import IamRole
from rds_enrollment.plan import names
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.ownership import TAG_CLUSTER
from rds_enrollment.plan.permissions.estate import Estate, adopts
from rds_enrollment.plan.permissions.table import NEEDS, On
from rds_enrollment.plan.policies import VERSION

_ECS = "ecs.amazonaws.com"
_TASKS = "ecs-tasks.amazonaws.com"
_REQUEST_TAG, _RESOURCE_TAG = f"aws:RequestTag/{OWNER_MARK}", f"aws:ResourceTag/{OWNER_MARK}"
Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Extent:
    """Resources, and when."""

    resources: tuple[str, ...]
    condition: Condition = field(default_factory=dict)


def policy(estate: Estate, assumed: Iterable[str] = ()) -> Document:
    """What the identity that acts in an estate needs. `assumed`: ARNs of roles that it assumes for other accounts."""
    return _document({**_extents(estate), On.ASSUMED_ROLES: [Extent(tuple(sorted(assumed)))]})


def analyzer_policy(estate: Estate) -> Document | None:
    """What it needs on top where deployments may ask AWS's Reachability Analyzer; None where none may."""
    asking = [item for item in estate.deployments if item.analyses_per_day]
    return _document(_insights(estate, asking)) if asking else None


def own_policy(assumed: Iterable[str]) -> Document:
    """What the operator's own identity needs when it acts through other roles alone."""
    return _document({On.ANYTHING: [Extent(("*",))], On.ASSUMED_ROLES: [Extent(tuple(sorted(assumed)))]})


def assuming_trust(principal: str, external_id: str) -> Document:
    """Trust of a role that the operator assumes. `principal`: ARN of who may. Under EKS Pod Identity its session's tags
    come along."""
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"AWS": principal},
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


def _document(extents: Mapping[On, list[Extent]]) -> Document:
    statements = [
        _statement(on, number, extent, _actions(on))
        for on in On
        for number, extent in enumerate(item for item in extents.get(on, ()) if item.resources)
    ]
    return {"Version": VERSION, "Statement": statements}


def _actions(on: On) -> list[str]:
    return sorted({need.action for needs in NEEDS.values() for need in needs if need.on is on})


def _statement(on: On, number: int, extent: Extent, actions: list[str]) -> dict[str, Any]:
    sid = on.value + (str(number + 1) if number else "")
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": list(extent.resources)}
    return {**statement, "Condition": extent.condition} if extent.condition else statement


def _extents(estate: Estate) -> dict[On, list[Extent]]:
    """Each word's resources; none where the manifests ask for nothing of it."""
    regions = sorted(estate.regions)
    in_regions: Condition = {"StringEquals": {"aws:RequestedRegion": regions}}
    roles = _Roles(estate)
    return {
        On.ANYTHING: [Extent(("*",))],
        On.REGIONS: [Extent(("*",) if regions else (), in_regions)],
        On.DATABASES: [Extent(_regional(estate, "rds", "db:*", "cluster:*"))],
        On.PROVIDERS: [Extent(_unique(item.provider_arn for item in estate.integrations))],
        On.OWN_PROVIDERS: [
            Extent(_unique(item.provider_arn for item in estate.integrations if item.manages_provider))
        ],
        On.ROLES: [Extent(_unique((*roles.managed, *roles.absent, *roles.observed)))],
        On.OWN_ROLES: [Extent(roles.managed)],
        On.NEW_ROLES: roles.bounded(),
        On.OBSERVED_ROLES: [Extent(roles.observed)],
        On.ATTACHED_POLICIES: [Extent(roles.attachable())],
        **_ecs(estate, roles),
        On.LOG_GROUPS: [Extent(_log_groups(estate))],
        On.LOG_STREAMS: [Extent(_log_streams(estate))],
        **_groups(estate),
        On.PREFIX_LISTS: [
            Extent(
                _unique(f"arn:{estate.cluster.partition}:ec2:{region}:*:prefix-list/*" for region in regions)
            )
        ],
    }


class _Roles:
    """ARNs of the roles of an estate."""

    def __init__(self, estate: Estate) -> None:
        self._partition, self._account = estate.cluster.partition, estate.account
        of_tasks = [role for item in estate.deployments for role in item.roles]
        every = [*(item.role for item in estate.integrations), *of_tasks]
        self._own = [role for role in every if role.managed]
        self.managed = _unique(self._arn(role) for role in self._own)
        self.absent = _unique(names.role_arn(self._partition, self._account, role.name) for role in self._own)
        """A role that does not exist has no path yet."""
        self.observed = _unique(arn for role in every if not role.managed for arn in self._wherever(role))
        self.of_tasks = _unique(
            arn for role in of_tasks for arn in ((self._arn(role),) if role.managed else self._wherever(role))
        )

    def bounded(self) -> list[Extent]:
        """By the boundary that they have to get."""
        by_boundary: dict[str, list[str]] = {}
        for role in self._own:
            by_boundary.setdefault(role.permissions_boundary or "", []).append(self._arn(role))
        return [
            Extent(_unique(arns), {"StringEquals": {"iam:PermissionsBoundary": boundary}} if boundary else {})
            for boundary, arns in sorted(by_boundary.items())
        ]

    def attachable(self) -> tuple[str, ...]:
        """Whatever is attached to roles that are looked at."""
        if not self.observed:
            return ()
        return tuple(f"arn:{self._partition}:iam::{owner}:policy/*" for owner in (self._account, "aws"))

    def _arn(self, role: IamRole) -> str:
        return names.role_arn(self._partition, self._account, role.name, role.path)

    def _wherever(self, role: IamRole) -> tuple[str, ...]:
        """An observed role may have another path than is said."""
        return tuple(names.role_arn(self._partition, self._account, role.name, path) for path in ("/", "/*/"))


def _ecs(estate: Estate, roles: _Roles) -> dict[On, list[Extent]]:
    clusters = _ecs_arns(estate, lambda item: f"cluster/{item.cluster_name}")
    linked = f"role/aws-service-role/{_ECS}/AWSServiceRoleForECS"
    account = f"arn:{estate.cluster.partition}:iam::{estate.account}"
    return {
        On.PASSED_ROLES: [Extent(roles.of_tasks, {"StringEquals": {"iam:PassedToService": _TASKS}})],
        On.LINKED_ROLE: [
            Extent(
                (f"{account}:{linked}",) if clusters else (),
                {"StringEquals": {"iam:AWSServiceName": _ECS}},
            )
        ],
        On.CLUSTERS: [Extent(clusters)],
        On.IN_CLUSTERS: [Extent(("*",) if clusters else (), {"ArnEquals": {"ecs:cluster": list(clusters)}})],
        On.SERVICES: [
            Extent(_ecs_arns(estate, lambda item: f"service/{item.cluster_name}/{item.service_name}"))
        ],
        On.SERVICE_REVISIONS: [
            Extent(
                _ecs_arns(estate, lambda item: f"service-revision/{item.cluster_name}/{item.service_name}/*")
            )
        ],
        On.TASKS: [Extent(_ecs_arns(estate, lambda item: f"task/{item.cluster_name}/*"))],
        On.TASK_DEFINITIONS: [Extent(_ecs_arns(estate, lambda item: f"task-definition/{item.family}:*"))],
    }


def _groups(estate: Estate) -> dict[On, list[Extent]]:
    """Security groups have ids that no manifest knows: tags and VPCs say which."""
    making = [item for item in estate.deployments if item.security_groups.managed]
    opening = [item for item in estate.deployments if item.manages_access]
    marks = _marks(estate.deployments)
    groups, rules = (
        _regional(estate, "ec2", "security-group/*"),
        _regional(estate, "ec2", "security-group-rule/*"),
    )
    created: Condition = {
        "StringLike": {_REQUEST_TAG: list(marks)},
        "StringEquals": {"ec2:CreateAction": ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress"]},
    }
    ours: Condition = {"StringLike": {_RESOURCE_TAG: list(marks)}}
    touched = bool(making or opening)
    return {
        On.NETWORKS: [Extent(_vpcs(estate, making))],
        On.NEW_GROUPS: [Extent(groups if making else (), {"StringLike": {_REQUEST_TAG: list(marks)}})],
        On.NEW_RULES: [Extent(rules if opening else (), {"StringLike": {_REQUEST_TAG: list(marks)}})],
        On.OWN_GROUPS: [Extent((*groups, *rules) if touched else (), ours)],
        On.OPENED_GROUPS: [
            Extent(groups if opening else (), {"ArnLike": {"ec2:Vpc": list(_vpcs(estate, opening))}})
        ],
        On.TAGS_OF_NEW: [Extent((*groups, *rules) if touched else (), created)],
        On.ADOPTED_GROUPS: [
            *_adopted_groups(estate, making, groups),
            *_adopted_rules(estate, opening, rules),
        ],
    }


def _insights(estate: Estate, asking: Sequence[WantedDeployment]) -> dict[On, list[Extent]]:
    """Paths and analyses have ids that no manifest knows: their marks say whose they are."""
    regions = sorted({item.region for item in asking})
    marks = list(_marks(asking))
    arns = _unique(
        f"arn:{estate.cluster.partition}:ec2:{region}:{estate.account}:{resource}"
        for region in regions
        for resource in ("network-insights-path/*", "network-insights-analysis/*")
    )
    creating = ["CreateNetworkInsightsPath", "StartNetworkInsightsAnalysis"]
    marked: Condition = {"StringLike": {_REQUEST_TAG: marks}}
    in_regions: Condition = {"StringEquals": {"aws:RequestedRegion": regions}}
    return {
        On.INSIGHTS: [Extent(("*",), in_regions)],
        On.NEW_INSIGHTS: [Extent(arns, marked)],
        On.OWN_INSIGHTS: [Extent(arns, {"StringLike": {_RESOURCE_TAG: marks}})],
        On.TAGS_OF_INSIGHTS: [Extent(arns, {**marked, "StringEquals": {"ec2:CreateAction": creating}})],
        On.ANALYZER: [Extent(("*",), in_regions)],
    }


def _marks(deployments: Iterable[WantedDeployment]) -> tuple[str, ...]:
    return _unique(f"{item.owner.owner_id}/dbsvc/{item.owner.namespace}/*" for item in deployments)


def _adopted_groups(
    estate: Estate, making: Sequence[WantedDeployment], groups: tuple[str, ...]
) -> list[Extent]:
    """What is to be adopted has no mark of ours yet."""
    if any(adopts(item, AdoptionPolicy.ALWAYS) for item in making):
        return [Extent(groups)]
    if any(adopts(item, AdoptionPolicy.IF_TAGGED) for item in making):
        return [Extent(groups, {"StringEquals": {f"aws:ResourceTag/{TAG_CLUSTER}": estate.cluster.name}})]
    return []


def _adopted_rules(
    estate: Estate, opening: Sequence[WantedDeployment], rules: tuple[str, ...]
) -> list[Extent]:
    """Of rules only those with Teleport's tags are taken over."""
    if all(adopts(item, AdoptionPolicy.NEVER) for item in opening):
        return []
    return [Extent(rules, {"StringEquals": {f"aws:ResourceTag/{TAG_CLUSTER}": estate.cluster.name}})]


def _vpcs(estate: Estate, deployments: Iterable[WantedDeployment]) -> tuple[str, ...]:
    return _unique(
        f"arn:{estate.cluster.partition}:ec2:{item.region}:{estate.account}:vpc/{item.vpc_id}"
        for item in deployments
    )


def _log_groups(estate: Estate) -> tuple[str, ...]:
    """Some actions are checked on the streams of a group, some on the group."""
    owning = [item for item in estate.deployments if item.owns_log_group]
    arns = _unique(
        names.log_group_arn(estate.cluster.partition, item.region, estate.account, item.log_group)
        for item in owning
    )
    return tuple(text for arn in arns for text in (arn, f"{arn}:*"))


def _log_streams(estate: Estate) -> tuple[str, ...]:
    """Of all agents, whoever made the group."""
    groups = (
        names.log_group_arn(estate.cluster.partition, item.region, estate.account, item.log_group)
        for item in estate.deployments
    )
    return _unique(f"{arn}:log-stream:*" for arn in groups)


def _regional(estate: Estate, service: str, *resources: str) -> tuple[str, ...]:
    return tuple(
        f"arn:{estate.cluster.partition}:{service}:{region}:{estate.account}:{resource}"
        for region in sorted(estate.regions)
        for resource in resources
    )


def _ecs_arns(estate: Estate, resource: Callable[[WantedDeployment], str]) -> tuple[str, ...]:
    return _unique(
        f"arn:{estate.cluster.partition}:ecs:{item.region}:{estate.account}:{resource(item)}"
        for item in estate.deployments
    )


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(items)))
