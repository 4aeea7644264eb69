"""What Teleport's wizard made in an account, as manifests that adopt it as it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rds_enrollment.api.agents import LogLevel, Resources
from rds_enrollment.api.common import API_VERSION, OWNER_MARK
from rds_enrollment.plan import agent_config, names, ownership
from rds_enrollment.plan.observed.aws import EcsService, Role, TaskDefinition
from rds_enrollment.plan.observed.teleport import Database, Integration, JoinToken, TeleportCluster
from rds_enrollment.plan.task_definition import image_of, join_token_of

_MADE_BY_HAND = "dynamic"
_COMPUTED = (agent_config.ACCOUNT_LABEL, agent_config.REGION_LABEL, agent_config.VPC_LABEL)


@dataclass(frozen=True, slots=True)
class FoundService:
    """An ECS service with the task definition that it runs, and the VPC of its subnets ("" when they are gone)."""

    region: str
    service: EcsService
    task_definition: TaskDefinition
    vpc_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is in one account and some of its regions, whoever made it."""

    cluster: TeleportCluster
    account: str
    regions: tuple[str, ...]
    integrations: tuple[Integration, ...]
    roles: Mapping[str, Role]
    """The integrations' roles by name."""
    services: tuple[FoundService, ...]
    databases: tuple[Database, ...]
    tokens: tuple[JoinToken, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """A manifest, and what a person should know of it, a line each."""

    manifest: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())


def export(found: Found, namespace: str) -> list[Exported]:
    """Manifests of what no operator has marked: each integration of the account, its databases, its services."""
    result: list[Exported] = []
    for integration in found.integrations:
        is_of_account = f"::{found.account}:" in integration.role_arn
        if is_of_account and OWNER_MARK not in integration.labels:
            result += _integration(found, integration, namespace)
    return result


def _integration(found: Found, integration: Integration, namespace: str) -> Iterator[Exported]:
    name = integration.name
    services = [item for item in found.services if _is_the_wizards(found, item, name)]
    yield _trust(found, integration, namespace)
    databases = _databases(found)
    if databases:
        spec = {
            "integrationRef": {"name": name},
            "regions": sorted({item["region"] for item in databases}),
            "databases": {"identifiers": databases},
            "adoptionPolicy": "IfTagged",
        }
        yield Exported(_manifest("RdsEnrollment", name, namespace, spec))
    covered = {(item.region, item.vpc_id) for item in services if not _is_legacy(found, item)}
    for item in services:
        if not _is_legacy(found, item):
            yield _deployment(found, item, name, namespace)
        elif item.vpc_id and (item.region, item.vpc_id) not in covered:
            yield _successor(found, item, name, namespace)


def _manifest(kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _trust(found: Found, integration: Integration, namespace: str) -> Exported:
    role_name = names.role_name(integration.role_arn)
    role = found.roles.get(role_name)
    wanted: dict[str, Any] = {"name": role_name}
    if role is not None and role.path != "/":
        wanted["path"] = role.path
    tagged = role is not None and ownership.has_teleport_tags(role.tags, found.cluster.name, integration.name)
    spec = {
        "accountId": found.account,
        "role": wanted,
        "adoptionPolicy": "IfTagged" if tagged or role is None else "Always",
    }
    note = (
        f"IAM role {role_name} carries no tags of Teleport, as older wizards left it: only Always adopts it, and only "
        f"where the operator runs with --adoption=Always."
    )
    notes = () if tagged or role is None else (note,)
    return Exported(_manifest("AwsOidcIntegration", integration.name, namespace, spec), notes)


def _is_the_wizards(found: Found, item: FoundService, integration: str) -> bool:
    service = item.service
    return (
        service.status == "ACTIVE"
        and service.launch_type == "FARGATE"
        and OWNER_MARK not in service.tags
        and ownership.has_teleport_tags(service.tags, found.cluster.name, integration)
    )


def _is_legacy(found: Found, item: FoundService) -> bool:
    """The single service that an older wizard made for a whole Teleport cluster."""
    return item.service.name == names.task_family_prefix(found.cluster.name)


def _databases(found: Found) -> list[dict[str, str]]:
    """Those that were enrolled by hand or by the wizard, and that nobody has marked."""
    chosen = {
        (database.region, kind, identifier)
        for database in found.databases
        if database.account_id == found.account
        and database.region in found.regions
        and OWNER_MARK not in database.labels
        and database.labels.get(ownership.TAG_ORIGIN) == _MADE_BY_HAND
        for kind, identifier in _identifiers(database)
    }
    return [{"kind": kind, "name": name, "region": region} for region, kind, name in sorted(chosen)]


def _identifiers(database: Database) -> Iterator[tuple[str, str]]:
    """An Aurora cluster is one database, whatever its instances."""
    if database.rds.cluster_id:
        yield "Cluster", database.rds.cluster_id
    elif database.rds.instance_id:
        yield "Instance", database.rds.instance_id


def _deployment(found: Found, item: FoundService, integration: str, namespace: str) -> Exported:
    """The service as it is: nothing that its tasks run with differs, so that none of them is replaced."""
    service, body = item.service, item.task_definition.body
    spec = {
        **_place(item, integration),
        **_roles(body),
        **_size(body),
        **_agents(item),
        "assignPublicIp": "Enabled" if service.network.assign_public_ip else "Disabled",
        "replicas": max(service.desired_count, 1),
        "adoptionPolicy": "IfTagged",
    }
    notes: list[str] = []
    token = join_token_of(body)
    if token and token != names.join_token(found.account, item.region, item.vpc_id):
        spec["joinToken"] = {"name": token}
        notes.append(
            f"Take joinToken and taskRole away for a token and a role of its own, in one rollout; {token} may go once "
            f"no service uses it."
        )
    if not any(known.name == token for known in found.tokens):
        notes.append(
            f"Join token {token or '(none)'} does not exist in Teleport: agents that restart cannot join."
        )
    version = image_of(body).rpartition(":")[2]
    if version != found.cluster.version:
        spec["version"] = {"policy": "Pinned", "pinned": version}
        notes.append(f"Take version away to let the agents follow the cluster, {found.cluster.version}.")
    return Exported(
        _manifest("DatabaseServiceDeployment", f"{item.region}-{item.vpc_id}", namespace, spec), tuple(notes)
    )


def _successor(found: Found, item: FoundService, integration: str, namespace: str) -> Exported:
    """A service of its own for the VPC that the older, single service runs in."""
    spec = {**_place(item, integration), "replicas": max(item.service.desired_count, 1)}
    note = (
        f"ECS service {item.service.name} was made for the whole Teleport cluster and cannot become a VPC's own: this "
        f"deployment is made beside it. Delete that service once the databases are reachable through this one."
    )
    name = f"{item.region}-{item.vpc_id}"
    return Exported(_manifest("DatabaseServiceDeployment", name, namespace, spec), (note,))


def _place(item: FoundService, integration: str) -> dict[str, Any]:
    network = item.service.network
    return {
        "integrationRef": {"name": integration},
        "region": item.region,
        "vpcId": item.vpc_id,
        "subnets": {"ids": sorted(network.subnets)},
        "securityGroups": {"ids": sorted(network.security_groups)},
    }


def _roles(body: Mapping[str, Any]) -> dict[str, Any]:
    """The wizard's deployments share a role: it stays somebody else's."""
    task = names.role_name(str(body.get("taskRoleArn") or ""))
    execution = names.role_name(str(body.get("executionRoleArn") or ""))
    roles: dict[str, Any] = {"taskRole": {"name": task, "managementPolicy": "Observe"}}
    if execution != task:
        roles["executionRole"] = {"name": execution, "managementPolicy": "Observe"}
    return roles


def _size(body: Mapping[str, Any]) -> dict[str, Any]:
    usual, size = Resources(), (int(body.get("cpu") or 0), int(body.get("memory") or 0))
    if size == (usual.cpu_units, usual.memory_mib):
        return {}
    return {"resources": {"cpuUnits": size[0], "memoryMiB": size[1]}}


def _agents(item: FoundService) -> dict[str, Any]:
    """What the agents' configuration says beyond the usual."""
    containers = item.task_definition.body.get("containerDefinitions", ())
    commands = (agent_config.decoded(container.get("command") or ()) for container in containers)
    config = next((known for known in commands if known), {})
    said: dict[str, Any] = {}
    log = config.get("teleport", {}).get("log") or {}
    level = str(log.get("severity", "")).upper()
    if level in LogLevel.__members__ and level != LogLevel.INFO:
        said["logs"] = {"level": level}
    resources = config.get("db_service", {}).get("resources") or [{}]
    extra = {
        key: str(value) for key, value in (resources[0].get("labels") or {}).items() if key not in _COMPUTED
    }
    return said | ({"databaseLabels": extra} if extra else {})
