"""What agents run with: size, image, platform, logs, environment, further databases. The same in a
DatabaseServiceDeployment and in an enrolment's template."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field

from rds_enrollment.api.base import SpecModel
from rds_enrollment.api.diagnostics import Diagnostics
from rds_enrollment.api.roles import IamRole, TaskRole
from rds_enrollment.api.rules import Rule, list_map, validations
from rds_enrollment.api.types import Arn

CPU_UNITS: Final = 2048
MEMORY_MIB: Final = 4096
"""The wizard's sizes (Teleport lib/integrations/awsoidc/deployservice.go)."""

_FARGATE_SIZES = (
    (256, "self.memoryMiB in [512, 1024, 2048]", "512, 1024 or 2048"),
    (512, "self.memoryMiB in [1024, 2048, 3072, 4096]", "1024 to 4096 in steps of 1024"),
    (1024, "self.memoryMiB in [2048, 3072, 4096, 5120, 6144, 7168, 8192]", "2048 to 8192 in steps of 1024"),
    (
        2048,
        "self.memoryMiB >= 4096 && self.memoryMiB <= 16384 && self.memoryMiB % 1024 == 0",
        "4096 to 16384 in steps of 1024",
    ),
    (
        4096,
        "self.memoryMiB >= 8192 && self.memoryMiB <= 30720 && self.memoryMiB % 1024 == 0",
        "8192 to 30720 in steps of 1024",
    ),
    (
        8192,
        "self.memoryMiB >= 16384 && self.memoryMiB <= 61440 && self.memoryMiB % 4096 == 0",
        "16384 to 61440 in steps of 4096",
    ),
    (
        16384,
        "self.memoryMiB >= 32768 && self.memoryMiB <= 122880 && self.memoryMiB % 8192 == 0",
        "32768 to 122880 in steps of 8192",
    ),
)
"""Amazon ECS Developer Guide, "Amazon ECS task definition parameters for Fargate", Task size."""

_SIZE_RULES = tuple(
    Rule(
        f"self.cpuUnits != {cpu} || ({memory})",
        f"Fargate has no such size: with cpuUnits {cpu} memoryMiB is {words}",
        ".memoryMiB",
    )
    for cpu, memory, words in _FARGATE_SIZES
)

RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""CloudWatch Logs API, PutRetentionPolicy, retentionInDays."""


class Resources(SpecModel):
    """Size of a task: one of Fargate's pairs."""

    model_config = ConfigDict(json_schema_extra=validations(*_SIZE_RULES))

    cpu_units: Literal[256, 512, 1024, 2048, 4096, 8192, 16384] = CPU_UNITS
    """CPU units; 1024 are one vCPU. Default: 2048."""
    memory_mib: Annotated[int, Field(ge=512, le=122880, alias="memoryMiB")] = MEMORY_MIB
    """Memory in MiB, as Fargate allows it for cpuUnits. Default: 4096."""


class Image(SpecModel):
    """Where the agents' image comes from."""

    repository: Annotated[
        str, Field(pattern="^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?$", min_length=1, max_length=255)
    ]
    """Repository with its registry and without a tag, such as a mirror of Teleport's distroless image. The tag is
    the agents' version."""
    pull_secret_arn: Annotated[Arn, Field(pattern="^arn:aws[a-z-]*:secretsmanager:.+$")] | None = None
    """Secrets Manager secret with the registry's user name and password. Not needed for Amazon ECR. Default: none."""


class CpuArchitecture(StrEnum):
    """Fargate's architectures."""

    X86_64 = "X86_64"
    ARM64 = "ARM64"


class RuntimePlatform(SpecModel):
    """What the tasks run on."""

    cpu_architecture: CpuArchitecture = CpuArchitecture.X86_64
    """X86_64 or ARM64. Default: X86_64."""


class VersionPolicy(StrEnum):
    """How the agents' version is chosen."""

    FOLLOW_CLUSTER = "FollowCluster"
    PINNED = "Pinned"


class VersionChoice(SpecModel):
    """The agents' version."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "(self.policy == 'Pinned') == has(self.pinned)",
                "pinned goes with policy Pinned, and only with it",
            )
        )
    )

    policy: VersionPolicy = VersionPolicy.FOLLOW_CLUSTER
    """FollowCluster or Pinned. FollowCluster keeps the agents at the version that the Teleport cluster gives to
    agents, never above its own. Default: FollowCluster."""
    pinned: (
        Annotated[
            str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$", min_length=5, max_length=64)
        ]
        | None
    ) = None
    """A Teleport version without a leading v, such as 18.6.4, which the agents keep. Default: none."""


class LogLevel(StrEnum):
    """Teleport's log severities."""

    ERROR = "ERROR"
    WARN = "WARN"
    INFO = "INFO"
    DEBUG = "DEBUG"


class Logs(SpecModel):
    """Where the agents log to."""

    level: LogLevel = LogLevel.INFO
    """ERROR, WARN, INFO or DEBUG. Default: INFO."""
    group: Annotated[str, Field(pattern="^[A-Za-z0-9._/#-]+$", min_length=1, max_length=512)] | None = None
    """CloudWatch log group. Default: the one that all agents of the Teleport cluster share; with retentionDays or
    kmsKeyId one of this deployment's own."""
    retention_days: RetentionDays | None = None
    """Days until a log event expires, one of CloudWatch's values. Default: never."""
    kms_key_id: Annotated[Arn, Field(pattern="^arn:aws[a-z-]*:kms:.+$")] | None = None
    """ARN of the KMS key that encrypts the log group. Default: CloudWatch's own encryption."""


class EnvironmentVariable(SpecModel):
    """One environment variable of the agents."""

    name: Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$", min_length=1, max_length=128)]
    """Its name; names that begin with TELEPORT_EXT_UPGRADER or TELEPORT_INSTALL_METHOD are the operator's."""
    value: Annotated[str, Field(max_length=2048)]
    """Its value. It is no place for secrets: everybody who may read task definitions sees it."""


_RESERVED_VARIABLES = Rule(
    "self.all(item, !item.name.startsWith('TELEPORT_EXT_UPGRADER')"
    " && !item.name.startsWith('TELEPORT_INSTALL_METHOD'))",
    "TELEPORT_EXT_UPGRADER* and TELEPORT_INSTALL_METHOD* are set by the operator",
)
_RESERVED_LABELS = Rule(
    "self.all(key, key.matches('^[a-zA-Z/.0-9_:*-]+$') && !(key in ['account-id', 'region', 'vpc-id']))",
    "a label key has letters, digits and / . _ : * -, and account-id, region and vpc-id are set by the operator",
)


def other_than(task_role: str) -> Rule:
    """The execution role is not the task role, whose name is `task_role` in CEL. IAM's names have no case."""
    return Rule(
        f"!has(self.executionRole) || self.executionRole.name.lowerAscii() != ({task_role}).lowerAscii()",
        "one role for both is what there is without executionRole: leave it out, or give it another name",
        ".executionRole.name",
    )


NAMED_TASK_ROLE: Final = "has(self.taskRole) && has(self.taskRole.name) ? self.taskRole.name : "
"""CEL, to be followed by the default name."""


class AgentSpec(SpecModel):
    """Fields about the agents themselves."""

    model_config = ConfigDict(json_schema_extra=validations(other_than(NAMED_TASK_ROLE + "''")))

    task_role: TaskRole | None = None
    """The IAM role that the tasks run with: agents join and reach databases with it. Default: one that is made for the
    deployment."""
    execution_role: IamRole | None = None
    """The IAM role with which ECS starts the tasks: it pulls the image and writes the logs. Default: the task role."""
    resources: Resources | None = None
    """Size of a task. Default: 2048 CPU units and 4096 MiB."""
    image: Image | None = None
    """Image of the agents. Default: Teleport's distroless image of the cluster's edition, from the public registry."""
    version: VersionChoice | None = None
    """The agents' version. Default: the Teleport cluster's."""
    runtime_platform: RuntimePlatform | None = None
    """What the tasks run on. Default: X86_64."""
    logs: Logs | None = None
    """Logs of the agents. Default: level INFO, in the log group that all agents of the Teleport cluster share."""
    environment: Annotated[
        tuple[EnvironmentVariable, ...],
        Field(max_length=50, json_schema_extra=list_map("name") | validations(_RESERVED_VARIABLES)),
    ] = ()
    """Environment variables of the agents, such as HTTPS_PROXY, at most 50. Default: none."""
    database_labels: Annotated[
        Mapping[str, Annotated[str, Field(max_length=256)]],
        Field(max_length=20, json_schema_extra=validations(_RESERVED_LABELS)),
    ] = Field(default_factory=dict)
    """Labels that a database must carry, on top of account-id, region and vpc-id, for these agents to serve it; at
    most 20. Default: none."""
    diagnostics: Diagnostics | None = None
    """What may be spent on finding out why a database is not reached. Default: nothing."""
