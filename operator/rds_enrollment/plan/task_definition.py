"""The agents' task definition: what is wanted, and its comparison by meaning with what AWS returns.

Source of the values: Teleport lib/integrations/awsoidc/deployservice.go, lib/utils/teleportassets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rds_enrollment.api.agents import AgentSpec, Logs, Resources, RuntimePlatform
from rds_enrollment.plan import agent_config, names
from rds_enrollment.plan.observed.aws import Document
from rds_enrollment.plan.versions import tells_readiness

CONTAINER = "teleport-service"
ENTRY_POINT = ["/usr/bin/dumb-init"]
HEALTH_CHECK: Mapping[str, Any] = {
    "command": ["CMD", "teleport", "debug", "readyz"],
    "interval": 30,
    "timeout": 10,
    "retries": 10,
    "startPeriod": 60,
}
"""In seconds. Ready means connected, so that an agent is unready, too, while its cluster is away: five minutes, the
most that ECS's ten retries give at this interval, outlast a restart of the cluster, in which replacing agents would
help nobody. A minute is for the first connection."""
_HEALTH_CHECK_DEFAULTS: Mapping[str, Any] = {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0}
"""Amazon ECS API, HealthCheck."""
_ABSENT_IN_TASK = (
    "volumes",
    "placementConstraints",
    "proxyConfiguration",
    "ephemeralStorage",
    "inferenceAccelerators",
    "ipcMode",
    "pidMode",
)
_ABSENT_IN_CONTAINER = (
    "cpu",
    "credentialSpecs",
    "dependsOn",
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerLabels",
    "dockerSecurityOptions",
    "environmentFiles",
    "extraHosts",
    "firelensConfiguration",
    "hostname",
    "interactive",
    "links",
    "linuxParameters",
    "memory",
    "memoryReservation",
    "mountPoints",
    "portMappings",
    "privileged",
    "pseudoTerminal",
    "readonlyRootFilesystem",
    "resourceRequirements",
    "secrets",
    "startTimeout",
    "stopTimeout",
    "systemControls",
    "ulimits",
    "user",
    "volumesFrom",
    "workingDirectory",
)
"""Members that we never set (Amazon ECS API, RegisterTaskDefinition and ContainerDefinition): AWS returns them absent,
empty, false or zero, so anything else is somebody's change. Members that are not known here count for nothing: one that
ECS came to fill in by itself would never be as wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """All that decides a task definition."""

    partition: str
    account: str
    region: str
    vpc_id: str
    teleport_cluster: str
    proxy_address: str
    version: str
    enterprise: bool
    task_role_arn: str
    execution_role_arn: str
    """The wizard has one role for both."""
    join_token: str
    fips: bool = False
    agents: AgentSpec = field(default_factory=AgentSpec)
    """The user's wishes; what is not set is as the wizard has it."""

    @property
    def log_group(self) -> str:
        """A group of this deployment's own as soon as something is set that others should not share."""
        return log_group(self.agents.logs, self.teleport_cluster, self.vpc_id)


def log_group(logs: Logs | None, teleport_cluster: str, vpc_id: str) -> str:
    """The CloudWatch log group of a deployment's agents."""
    shared = names.log_group(teleport_cluster)
    if logs is None:
        return shared
    return logs.group or (f"{shared}/{vpc_id}" if logs.retention_days or logs.kms_key_id else shared)


def image(version: str, *, enterprise: bool, fips: bool = False) -> str:
    """Image of an agent: pre-releases live in the staging registry; tags carry no v. Of FIPS there is an enterprise
    image alone (Teleport CHANGELOG.md, 15.0.0)."""
    registry = "gravitational-staging" if "-" in version else "gravitational"
    flavour = "teleport-ent-distroless" if enterprise else "teleport-distroless"
    if fips:
        flavour = "teleport-ent-fips-distroless"
    return f"public.ecr.aws/{registry}/{flavour}:{version}"


def register_body(task: AgentTask) -> dict[str, Any]:
    """The request of ecs:RegisterTaskDefinition, without tags."""
    size = task.agents.resources or Resources()
    return {
        "family": names.task_family(task.teleport_cluster, task.vpc_id),
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(size.cpu_units),
        "memory": str(size.memory_mib),
        "networkMode": "awsvpc",
        "taskRoleArn": task.task_role_arn,
        "executionRoleArn": task.execution_role_arn,
        "containerDefinitions": [_container(task)],
        **_platform(task.agents.runtime_platform),
    }


def _platform(platform: RuntimePlatform | None) -> dict[str, Any]:
    """The wizard names none, which is Linux on X86_64."""
    if platform is None:
        return {}
    return {
        "runtimePlatform": {
            "cpuArchitecture": platform.cpu_architecture.value,
            "operatingSystemFamily": "LINUX",
        }
    }


def _container(task: AgentTask) -> dict[str, Any]:
    config = agent_config.agent_config(
        proxy_address=task.proxy_address,
        join_token=task.join_token,
        labels={
            **agent_config.matcher_labels(task.account, task.region, task.vpc_id),
            **task.agents.database_labels,
        },
        log_severity=(task.agents.logs or Logs()).level.value,
    )
    return {
        "name": CONTAINER,
        **_image(task),
        **({"healthCheck": dict(HEALTH_CHECK)} if tells_readiness(task.version) else {}),
        "entryPoint": list(ENTRY_POINT),
        "command": agent_config.command(config, fips=task.fips),
        "environment": [
            {"name": "TELEPORT_INSTALL_METHOD_AWSOIDC_DEPLOYSERVICE", "value": "true"},
            {"name": "TELEPORT_EXT_UPGRADER_VERSION", "value": task.version},
            *({"name": item.name, "value": item.value} for item in task.agents.environment),
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": task.log_group,
                "awslogs-region": task.region,
                "awslogs-create-group": "true",
                "awslogs-stream-prefix": names.log_stream_prefix(task.teleport_cluster, task.vpc_id),
            },
        },
    }


def _image(task: AgentTask) -> dict[str, Any]:
    chosen = task.agents.image
    if chosen is None:
        return {"image": image(task.version, enterprise=task.enterprise, fips=task.fips)}
    container: dict[str, Any] = {"image": f"{chosen.repository}:{task.version}"}
    if chosen.pull_secret_arn:
        container["repositoryCredentials"] = {"credentialsParameter": chosen.pull_secret_arn}
    return container


def image_of(definition: Document) -> str:
    """The agents' image in a task definition; empty when it has none."""
    return next((str(item.get("image", "")) for item in definition.get("containerDefinitions", ())), "")


def join_token_of(definition: Document) -> str:
    """Name of the join token of a task definition's agents; empty when it names none."""
    containers = definition.get("containerDefinitions", ())
    return next((agent_config.join_token_of(item.get("command") or ()) for item in containers), "")


def log_groups_of(definition: Document) -> frozenset[str]:
    """Names of the CloudWatch log groups that a task definition's containers write to."""
    named = (_logging(container)[1] for container in definition.get("containerDefinitions", ()))
    return frozenset(options["awslogs-group"] for options in named if "awslogs-group" in options)


def with_image(definition: Document, image: str) -> Document:
    """The same task definition of another image."""
    containers = [{**item, "image": image} for item in definition["containerDefinitions"]]
    return {**definition, "containerDefinitions": containers}


def without_health_check(definition: Document) -> Document:
    """The same task definition, of which ECS watches the process alone."""
    containers = [
        {key: value for key, value in item.items() if key != "healthCheck"}
        for item in definition["containerDefinitions"]
    ]
    return {**definition, "containerDefinitions": containers}


def has_health_check(definition: Document) -> bool:
    """Whether ECS waits for the agent itself, not only for its process."""
    return any(item.get("healthCheck") for item in definition.get("containerDefinitions", ()))


def differences(wanted: Document, actual: Document) -> list[str]:
    """Names of the fields in which `actual` (AWS's `taskDefinition`) means something else than `wanted`."""
    fields = [name for name in ("family", "networkMode") if wanted[name] != actual.get(name)]
    fields += [name for name in ("cpu", "memory") if str(wanted[name]) != str(actual.get(name))]
    fields += [name for name in ("taskRoleArn", "executionRoleArn") if not _same_role(wanted, actual, name)]
    if set(wanted["requiresCompatibilities"]) != set(actual.get("requiresCompatibilities", [])):
        fields.append("requiresCompatibilities")
    if _architecture(wanted) != _architecture(actual):
        fields.append("runtimePlatform")
    fields += [name for name in _ABSENT_IN_TASK if actual.get(name)]
    containers = actual.get("containerDefinitions", [])
    if len(containers) != 1:
        return [*fields, "containerDefinitions"]
    return fields + _container_differences(wanted["containerDefinitions"][0], containers[0])


def _container_differences(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    fields = [name for name in ("name", "image") if wanted[name] != actual.get(name)]
    if wanted["entryPoint"] != actual.get("entryPoint"):
        fields.append("entryPoint")
    if not _same_command(wanted["command"], actual.get("command", [])):
        fields.append("command")
    if _environment(wanted) != _environment(actual):
        fields.append("environment")
    if _logging(wanted) != _logging(actual):
        fields.append("logConfiguration")
    if wanted.get("repositoryCredentials") != (actual.get("repositoryCredentials") or None):
        fields.append("repositoryCredentials")
    if _health_check(wanted) != _health_check(actual):
        fields.append("healthCheck")
    fields += [name for name in _ABSENT_IN_CONTAINER if actual.get(name)]
    if actual.get("essential", True) is not True:
        fields.append("essential")
    return fields


def _same_command(wanted: Sequence[str], actual: Sequence[str]) -> bool:
    """The configuration counts by its content, not by how its YAML was laid out."""
    if list(wanted) == list(actual):
        return True
    configs = agent_config.decoded(wanted), agent_config.decoded(actual)
    if list(wanted[:-1]) != list(actual[:-1]) or configs[0] is None or configs[1] is None:
        return False
    return agent_config.effective(configs[0]) == agent_config.effective(configs[1])


def _same_role(wanted: Document, actual: Document, member: str) -> bool:
    """ECS takes a role's bare name, too, as the wizard gives it; names are unique in an account."""
    return names.role_name(str(wanted[member])) == names.role_name(str(actual.get(member) or ""))


def _architecture(definition: Mapping[str, Any]) -> tuple[str, str]:
    """AWS's defaults where nothing is named."""
    platform = definition.get("runtimePlatform") or {}
    return platform.get("cpuArchitecture", "X86_64"), platform.get("operatingSystemFamily", "LINUX")


def _health_check(container: Mapping[str, Any]) -> dict[str, Any]:
    """With AWS's defaults for what it does not name; empty without one."""
    given = container.get("healthCheck") or {}
    named = {key: value for key, value in given.items() if value is not None}
    return {**_HEALTH_CHECK_DEFAULTS, **named} if named else {}


def _environment(container: Mapping[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container.get("environment", [])}


def _logging(container: Mapping[str, Any]) -> tuple[object, Mapping[str, Any], object]:
    configuration = container.get("logConfiguration", {})
    options, secrets = configuration.get("options", {}), configuration.get("secretOptions") or []
    return configuration.get("logDriver"), options, secrets
