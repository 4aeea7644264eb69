"""What ECS says of tasks that stop and of services that start none, as reasons.

Sources: Amazon ECS Developer Guide, "Amazon ECS stopped tasks error messages" with its pages on TaskFailedToStart,
ResourceInitializationError, OutOfMemoryError and "CannotPullContainer task errors in Amazon ECS"; "Amazon ECS service
event messages"; Amazon EC2 API Reference, "Error codes for the Amazon EC2 API", which ECS quotes where it makes a
network interface. ECS has no codes for these: fragments of its sentences have to do. A registry's own words are those
of the OCI Distribution Specification, "Error Codes", and of containerd.
"""

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.diagnosis.rules import Rule

_NO_CONNECTION = (
    "i/o timeout",
    "request canceled while waiting for connection",
    "context canceled",
    "context deadline exceeded",
    "connection refused",
    "connection reset",
    "no such host",
    "network is unreachable",
    "no route to host",
    "connection issue between the task",
    "check your task network configuration",
    "check your network configuration",
    "tls handshake timeout",
)
"""Go's net and net/http, and ECS's own sentences."""

_PULL = ("cannotpullcontainer", "pull the image", "cannot pull")
_LOGGER = ("failed to validate logger args", "failed to initialize logging driver", "cloudwatch log")

INTERFACE = (
    Rule(
        Reason.NO_FREE_ADDRESSES,
        ("insufficientfreeaddressesinsubnet", "no free address", "not have enough free addresses"),
    ),
    Rule(
        Reason.NETWORK_INTERFACE_LIMIT,
        ("networkinterfacelimitexceeded", "limit on the number of network interfaces", "resource:eni"),
    ),
    Rule(Reason.SUBNETS_NOT_FOUND, ("invalidsubnetid.notfound",)),
    Rule(Reason.SUBNETS_NOT_FOUND, ("does not exist",), ("the subnet id",)),
    Rule(Reason.SECURITY_GROUPS_NOT_FOUND, ("invalidsecuritygroupid.notfound", "invalidgroup.notfound")),
    Rule(Reason.SECURITY_GROUPS_NOT_FOUND, ("does not exist",), ("the security group",)),
)
"""Of an interface that cannot be made: told as a service event, or as the reason of a stopped task."""

ROLE = (Rule(Reason.TASK_ROLE_NOT_ASSUMABLE, ("unable to assume the role", "unable to assume role")),)

STOPPED = (
    Rule(Reason.OUT_OF_MEMORY, ("outofmemoryerror",)),
    *(
        Rule(reason, fragments, (pull,))
        for pull in _PULL
        for reason, fragments in (
            (Reason.IMAGE_PULL_THROTTLED, ("toomanyrequests", "too many requests", "pull rate limit")),
            (
                Reason.IMAGE_PULL_DENIED,
                (
                    "pull access denied",
                    "unauthorized",
                    "403 forbidden",
                    "no basic auth credentials",
                    "accessdenied",
                    "not authorized to perform",
                    "failed to authorize",
                    "has the permissions to pull",
                ),
            ),
            (Reason.IMAGE_REGISTRY_UNREACHABLE, _NO_CONNECTION),
            (Reason.IMAGE_NOT_FOUND, ("not found", "manifest unknown", "name unknown", "does not exist")),
            (Reason.IMAGE_PULL_FAILED, ("",)),
        )
    ),
    *(
        Rule(reason, fragments, (logger,))
        for logger in _LOGGER
        for reason, fragments in (
            (Reason.LOGS_DENIED, ("accessdenied", "not authorized to perform")),
            (Reason.LOG_GROUP_NOT_FOUND, ("resourcenotfoundexception", "log group does not exist")),
            (Reason.LOGS_UNREACHABLE, (*_NO_CONNECTION, "requesterror", "dial tcp")),
        )
    ),
    Rule(Reason.PULL_SECRET_UNAVAILABLE, ("unable to pull secrets or registry auth",)),
    *ROLE,
    *INTERFACE,
    Rule(Reason.TASK_INITIALIZATION_FAILED, ("resourceinitializationerror",)),
    Rule(Reason.AGENT_UNHEALTHY, ("failed container health checks",)),
    Rule(Reason.CAPACITY_UNAVAILABLE, ("capacity is unavailable",)),
    Rule(Reason.AGENT_EXITED, ("essential container in task exited",)),
)
"""Of stopped tasks: `stoppedReason` and `containers[].reason`."""

SERVICE = (
    *ROLE,
    Rule(
        Reason.VCPU_QUOTA_EXCEEDED,
        (
            "limit on the number of vcpus",
            "limit on the number of tasks you can run",
            "cpu configuration is above your limit",
            "memory configuration is above your limit",
        ),
    ),
    Rule(Reason.CAPACITY_UNAVAILABLE, ("capacity is unavailable",)),
    *INTERFACE,
    Rule(Reason.TASK_NOT_PLACED, ("unable to place a task", "failed to launch a task")),
)
"""Of a service that starts no task: its `events`, and `deployments[].rolloutStateReason`."""

AGAIN_WELL = ("has reached a steady state", "has started ")
"""Events after which older ones tell of nothing that is still so."""
