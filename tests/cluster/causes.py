"""Causes that the sandbox can be given: what ECS or an agent then says, and the reason that a condition must tell."""

from dataclasses import dataclass

from hack.sandbox.aws.ecs.faults import TaskFault

REF = "failed to resolve ref public.ecr.aws/gravitational/teleport-distroless:18.0.0"
PULL = f"CannotPullContainerError: pull image manifest has been retried 5 time(s): {REF}"
INTERFACE = "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0a': "
LOGGER = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
)
PLACE = "was unable to place a task. Reason: "
NO_ROLE = (
    "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/agents' "
    "that was provided for this task. Please verify that the role being passed has the proper trust relationship and "
    "permissions and that your IAM user has permissions to pass this role.)."
)


@dataclass(frozen=True)
class Cause:
    """`quoted` is what the message must repeat; `tunnel` is the error that agents log instead of joining."""

    name: str
    reason: str
    quoted: str
    fault: TaskFault | None = None
    tunnel: str = ""

    @property
    def fails_tasks(self) -> bool:
        """Whether a task stops for it."""
        return self.fault is not None and self.fault.makes_tasks

    @property
    def exit_code(self) -> int | None:
        """Of that task's container, None for one that never ran; an agent that ECS stops ends well."""
        if self.fault is None:
            return None
        return 0 if self.fault.unhealthy else self.fault.exit_code

    @property
    def condition(self) -> str:
        return "TunnelConnected" if self.tunnel else "TasksRunning"


def _start(name: str, reason: str, error: str, quoted: str) -> Cause:
    return Cause(name, reason, quoted, TaskFault(start_error=error))


def _refusal(name: str, reason: str, text: str) -> Cause:
    return Cause(name, reason, text[:60], TaskFault(refusal=text))


def _tunnel(name: str, reason: str, error: str) -> Cause:
    return Cause(name, reason, error, tunnel=error)


_CRASH = TaskFault(exit_code=2, log=("teleport: cannot parse the configuration",))
_MEMORY = TaskFault(exit_code=137, container_reason="OutOfMemoryError: Container killed due to memory usage")

CAUSES = (
    Cause("silence", "NoTasks", "0 of 1 tasks run and none starts", TaskFault(silent=True)),
    Cause("unhealthy", "AgentUnhealthy", "container health check", TaskFault(unhealthy=True)),
    _start(
        "registry-unreachable",
        "ImageRegistryUnreachable",
        f"{PULL}: dial tcp 203.0.113.9:443: i/o timeout",
        "i/o timeout",
    ),
    _start("image-missing", "ImageNotFound", f"{PULL}: not found", "18.0.0: not found"),
    _start(
        "image-denied",
        "ImagePullDenied",
        f"{PULL}: unexpected status code 403 Forbidden",
        "403 Forbidden",
    ),
    _start(
        "image-throttled",
        "ImagePullThrottled",
        f"{PULL}: 429 Too Many Requests - Server message: toomanyrequests",
        "429 Too Many Requests",
    ),
    _start(
        "image-broken",
        "ImagePullFailed",
        f"{PULL}: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "descriptor matching platform",
    ),
    _start(
        "log-group",
        "LogGroupNotFound",
        f"{LOGGER}failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
        "exist. : exit status 1",
        "The specified log group does not exist",
    ),
    _start(
        "logs-denied",
        "LogsDenied",
        f"{LOGGER}failed to create Cloudwatch log group: AccessDeniedException: not authorized to perform: "
        "logs:CreateLogGroup",
        "logs:CreateLogGroup",
    ),
    _start(
        "logs-unreachable",
        "LogsUnreachable",
        f"{LOGGER}failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post "
        '"https://logs.us-west-1.amazonaws.com/": dial tcp 203.0.113.8:443: i/o timeout',
        "203.0.113.8:443: i/o timeout",
    ),
    _start(
        "secret",
        "PullSecretUnavailable",
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
        "unable to pull secrets",
    ),
    _start(
        "initialization",
        "TaskInitializationFailed",
        "ResourceInitializationError: failed to configure ENI: failed to setup regular eni",
        "failed to configure ENI",
    ),
    _start("addresses", "NoFreeAddresses", f"{INTERFACE}InsufficientFreeAddressesInSubnet", "subnet-0a"),
    _start("interfaces", "NetworkInterfaceLimit", f"{INTERFACE}NetworkInterfaceLimitExceeded", "subnet-0a"),
    _start("unknown", "TasksStopped", "Something that nobody has seen before.", "nobody has seen before"),
    _refusal("role", "TaskRoleNotAssumable", NO_ROLE),
    _refusal(
        "quota",
        "VcpuQuotaExceeded",
        f"{PLACE}You've reached the limit on the number of vCPUs you can run concurrently",
    ),
    _refusal("capacity", "CapacityUnavailable", f"{PLACE}Capacity is unavailable at this time."),
    _refusal("place", "TaskNotPlaced", f"{PLACE}Internal error."),
    _refusal("subnet", "SubnetsNotFound", f"{PLACE}The subnet ID 'subnet-0a' does not exist."),
    _refusal("group", "SecurityGroupsNotFound", f"{PLACE}The security group 'sg-0a' does not exist."),
    Cause("crash", "AgentExited", "| teleport: cannot parse the configuration", _CRASH),
    Cause("memory", "OutOfMemory", "exit code 137", _MEMORY),
    _tunnel("join-denied", "JoinDenied", "instance did not match any allow rules"),
    _tunnel("token", "JoinTokenNotFound", "token expired or not found"),
    _tunnel("too-new", "AgentTooNew", "Teleport instance is too new. This instance is running v19."),
    _tunnel("too-old", "AgentTooOld", "Teleport instance is too old. This instance is running v15.0.0."),
    _tunnel("proxy", "TeleportProxyUnreachable", "dial tcp 203.0.113.20:443: i/o timeout"),
    _tunnel("sts", "StsUnreachable", "sts.us-west-1.amazonaws.com: dial tcp 203.0.113.30:443: i/o timeout"),
    _tunnel("clock", "AgentClockSkew", "x509: certificate has expired or is not yet valid"),
    _tunnel("certificate", "ProxyCertificateNotTrusted", "x509: certificate signed by unknown authority"),
    _tunnel(
        "cluster", "WrongCluster", "Was this node already registered to a different cluster? Remove its data."
    ),
)
