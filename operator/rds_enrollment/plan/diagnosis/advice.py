"""What to do about each cause, in a sentence or two; the page on reasons says more."""

from collections.abc import Mapping
from types import MappingProxyType

from rds_enrollment.api.reasons import Reason

ADVICE: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.IMAGE_REGISTRY_UNREACHABLE: (
            "The subnets need a way out to the image's registry: an outbound rule for 443, and a route to a NAT "
            "gateway, or to an internet gateway with public addresses."
        ),
        Reason.IMAGE_NOT_FOUND: "Correct spec.image.repository or spec.version: the registry has no such image.",
        Reason.IMAGE_PULL_DENIED: (
            "Let the execution role read the repository, or correct the secret of spec.image.pullSecretArn."
        ),
        Reason.IMAGE_PULL_THROTTLED: (
            "The registry limits pulls: log in with spec.image.pullSecretArn, or mirror the image in Amazon ECR."
        ),
        Reason.IMAGE_PULL_FAILED: "The registry, or the image itself, failed as quoted: pull it by hand to see more.",
        Reason.PULL_SECRET_UNAVAILABLE: (
            "The execution role must be able to read spec.image.pullSecretArn (and its KMS key), and the subnets to "
            "reach Secrets Manager or Amazon ECR."
        ),
        Reason.LOG_GROUP_NOT_FOUND: "Create the log group, or correct spec.logs.group.",
        Reason.LOGS_DENIED: (
            "The execution role needs logs:CreateLogStream, logs:PutLogEvents, logs:CreateLogGroup; look for a "
            "permissions boundary or a service control policy that denies them."
        ),
        Reason.LOGS_UNREACHABLE: (
            "The subnets need a way to CloudWatch Logs: out to the internet, or an interface endpoint for logs."
        ),
        Reason.TASK_INITIALIZATION_FAILED: (
            "Fargate could not prepare the task; mostly the VPC lacks a way out, or DNS resolution."
        ),
        Reason.TASK_ROLE_NOT_ASSUMABLE: (
            "The role must exist, trust ecs-tasks.amazonaws.com, and be one that no service control policy denies."
        ),
        Reason.OUT_OF_MEMORY: "Raise spec.resources.memoryMiB.",
        Reason.AGENT_EXITED: "The agent gave up by itself: its log says why.",
        Reason.AGENT_UNHEALTHY: "The agent did not become ready: see TunnelConnected and its log.",
        Reason.NO_FREE_ADDRESSES: "Release addresses in the subnet, or choose more subnets in spec.subnets.",
        Reason.NETWORK_INTERFACE_LIMIT: (
            "Raise the quota 'Network interfaces per Region' of Amazon VPC, or delete interfaces that nothing uses."
        ),
        Reason.VCPU_QUOTA_EXCEEDED: (
            "Raise the quota 'Fargate On-Demand vCPU resource count' in Service Quotas, or lower spec.replicas or "
            "spec.resources.cpuUnits."
        ),
        Reason.CAPACITY_UNAVAILABLE: "AWS has no room in the zone: ECS tries again; subnets of more zones help.",
        Reason.TASK_NOT_PLACED: (
            "ECS cannot place the task for the cause quoted; an unsupported availability zone is a common one."
        ),
        Reason.SUBNETS_NOT_FOUND: "A subnet of the service is gone: correct spec.subnets.",
        Reason.SECURITY_GROUPS_NOT_FOUND: "A security group of the service is gone: correct spec.securityGroups.",
        Reason.TASKS_STOPPED: "Read ECS's words above, and the agent's log.",
        Reason.NO_TASKS: "Read the events of the ECS service.",
        Reason.JOIN_DENIED: "The join token does not admit this role: no rule of it matches.",
        Reason.JOIN_TOKEN_NOT_FOUND: (
            "Teleport has no such join token: the operator makes it again, unless JoinTokenReady says why not."
        ),
        Reason.AGENT_TOO_OLD: (
            "Teleport does not take agents this old: raise spec.version.pinned, or take the policy FollowCluster."
        ),
        Reason.AGENT_TOO_NEW: (
            "Teleport takes no agents newer than itself: lower spec.version.pinned, or take the policy FollowCluster."
        ),
        Reason.AGENT_CLOCK_SKEW: (
            "The clocks differ: Fargate's is right, so check those of Teleport's hosts and its certificate's dates."
        ),
        Reason.PROXY_CERTIFICATE_NOT_TRUSTED: (
            "The agents do not trust the certificate at the proxy's address: use one of a public authority, or an "
            "image that trusts yours, and a name that it was made for."
        ),
        Reason.WRONG_CLUSTER: "The proxy's address leads to another Teleport cluster: correct DNS or the balancer.",
        Reason.TELEPORT_PROXY_UNREACHABLE: (
            "The agents need a way out to Teleport's proxy: route, ACLs, security groups, and a name that resolves."
        ),
        Reason.STS_UNREACHABLE: (
            "Agents prove their role through STS: give the subnets a way out, or an interface endpoint for sts."
        ),
    }
)
