"""Condition types and reasons: every CamelCase word that a status may carry.

What a word means to users stands in docs/reference/vocabulary.yaml; a test demands an entry for each.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """Positive statements about an object; Reconciling and Stalled are kstatus's abnormal-true pair."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    CREDENTIALS_VALID = "CredentialsValid"
    # AwsOidcIntegration
    IDENTITY_PROVIDER_READY = "IdentityProviderReady"
    ROLE_READY = "RoleReady"
    INTEGRATION_REGISTERED = "IntegrationRegistered"
    # RdsEnrollment
    DATABASES_DISCOVERED = "DatabasesDiscovered"
    DATABASES_ENROLLED = "DatabasesEnrolled"
    DEPLOYMENTS_READY = "DeploymentsReady"
    IAM_AUTHENTICATION_ENABLED = "IamAuthenticationEnabled"
    DATABASES_REACHABLE = "DatabasesReachable"
    # DatabaseServiceDeployment
    JOIN_TOKEN_READY = "JoinTokenReady"  # noqa: S105 (a word, no secret)
    NETWORK_READY = "NetworkReady"
    TASK_DEFINITION_REGISTERED = "TaskDefinitionRegistered"
    SERVICE_DEPLOYED = "ServiceDeployed"
    TASKS_RUNNING = "TasksRunning"
    TUNNEL_CONNECTED = "TunnelConnected"
    DATABASE_ACCESS_ALLOWED = "DatabaseAccessAllowed"


class Reason(StrEnum):
    """Why a condition has its status. Meanings are part of the API and never change."""

    # any condition
    PENDING = "Pending"
    """Not looked at yet, or something it depends on is not there yet."""
    SUCCEEDED = "Succeeded"
    IN_PROGRESS = "InProgress"
    PAUSED = "Paused"
    DELETING = "Deleting"
    DELETION_QUEUED = "DeletionQueued"
    """Other objects went within the last hour, as many as --max-deletions-per-hour allows."""
    OBSERVE_ONLY = "ObserveOnly"
    """Something is not as wanted, and spec.managementPolicy Observe keeps the operator from writing it."""
    INVALID_SPEC = "InvalidSpec"
    OWNED_BY_ANOTHER = "OwnedByAnother"
    """The resource exists and does not carry our marks: it is neither changed nor deleted."""
    CONFLICT = "Conflict"
    """Something else wrote at the same moment; the pass starts again."""

    # AWS
    CREDENTIALS_MISSING = "CredentialsMissing"
    CREDENTIALS_EXPIRED = "CredentialsExpired"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    ACCESS_DENIED = "AccessDenied"
    WRONG_ACCOUNT = "WrongAccount"
    AWS_THROTTLED = "AwsThrottled"
    AWS_UNAVAILABLE = "AwsUnavailable"
    AWS_LIMIT_EXCEEDED = "AwsLimitExceeded"
    AWS_REQUEST_REFUSED = "AwsRequestRefused"
    ACCOUNT_BLOCKED = "AccountBlocked"
    """AWS has blocked or suspended the account as a whole."""
    REGION_NOT_ENABLED = "RegionNotEnabled"
    IAM_PROPAGATING = "IamPropagating"
    SERVICE_LINKED_ROLE_PROPAGATING = "ServiceLinkedRolePropagating"

    # Teleport
    TELEPORT_UNREACHABLE = "TeleportUnreachable"
    TELEPORT_ACCESS_DENIED = "TeleportAccessDenied"
    TELEPORT_REQUEST_REFUSED = "TeleportRequestRefused"
    TELEPORT_FAILED = "TeleportFailed"
    """The server answered with an error of its own, not with a refusal."""
    TELEPORT_IDENTITY_EXPIRED = "TeleportIdentityExpired"
    TELEPORT_IDENTITY_UNREADABLE = "TeleportIdentityUnreadable"
    TELEPORT_IDENTITY_NOT_YET_VALID = "TeleportIdentityNotYetValid"
    TELEPORT_IDENTITY_REFUSED = "TeleportIdentityRefused"
    """The server ends the TLS handshake because of our certificate: another cluster's, or no longer trusted."""
    TELEPORT_NOT_TRUSTED = "TeleportNotTrusted"
    """The server's certificate is not vouched for: wrong cluster, or a private web CA that we do not know."""
    TELEPORT_CLOCK_SKEW = "TeleportClockSkew"
    TELEPORT_TLS_ROUTING_OFF = "TeleportTlsRoutingOff"
    NOT_TELEPORT = "NotTeleport"
    """Something else than Teleport, or than the service that was looked for, answers at the address."""
    HTTP_PROXY_REFUSED = "HttpProxyRefused"
    TELEPORT_CLUSTER_CHANGED = "TeleportClusterChanged"
    TELEPORT_PROXY_UNKNOWN = "TeleportProxyUnknown"

    # Kubernetes
    KUBERNETES_UNAVAILABLE = "KubernetesUnavailable"
    KUBERNETES_REQUEST_REFUSED = "KubernetesRequestRefused"

    # references
    INTEGRATION_NOT_FOUND = "IntegrationNotFound"
    REF_NOT_PERMITTED = "RefNotPermitted"
    """The integration's spec.allowedNamespaces does not let in who refers to it."""
    INTEGRATION_NOT_READY = "IntegrationNotReady"
    IN_USE = "InUse"

    # AwsOidcIntegration
    AUDIENCE_MISSING = "AudienceMissing"
    THUMBPRINT_DIFFERS = "ThumbprintDiffers"
    ROLE_NOT_ALLOWED = "RoleNotAllowed"
    """The administrator's list does not let this namespace act as spec.assumeRoleArn."""
    IDENTITY_PROVIDER_NOT_FOUND = "IdentityProviderNotFound"
    INTEGRATION_UNUSABLE = "IntegrationUnusable"
    """Teleport tried to act in AWS through the integration, and could not."""

    # IAM roles
    ROLE_PATH_DIFFERS = "RolePathDiffers"
    ROLE_NOT_FOUND = "RoleNotFound"
    ROLE_NOT_TRUSTED = "RoleNotTrusted"
    """An observed role's trust policy does not let in who has to assume it."""
    ROLE_LACKS_PERMISSIONS = "RoleLacksPermissions"

    # RdsEnrollment
    LISTING_FAILED = "ListingFailed"
    NO_DATABASES = "NoDatabases"
    NAME_TAKEN = "NameTaken"
    IAM_AUTHENTICATION_DISABLED = "IamAuthenticationDisabled"
    UNREACHABLE = "Unreachable"
    NOT_REPORTED = "NotReported"
    NO_DEPLOYMENT_TEMPLATE = "NoDeploymentTemplate"
    TOO_MANY_DEPLOYMENTS = "TooManyDeployments"
    DEPLOYMENTS_NOT_READY = "DeploymentsNotReady"
    DATABASE_NOT_FOUND = "DatabaseNotFound"
    ALREADY_ENROLLED = "AlreadyEnrolled"
    """Teleport serves the same RDS endpoint under another name, for another owner."""
    NOT_AVAILABLE = "NotAvailable"
    UNSUPPORTED_ENGINE = "UnsupportedEngine"
    UNSUPPORTED_VERSION = "UnsupportedVersion"
    NO_ENDPOINT = "NoEndpoint"
    NO_INSTANCES = "NoInstances"
    NO_VPC = "NoVpc"
    INVALID_NAME = "InvalidName"
    PRUNE_NOT_CONFIRMED = "PruneNotConfirmed"
    """Many db objects would go at once: they stay until somebody approves it."""
    NAMING_NOT_CONFIRMED = "NamingNotConfirmed"
    """Enrolled databases would be renamed: they keep their names until somebody approves it."""
    RETAINED = "Retained"
    """Its database is gone; spec.prunePolicy keeps the db object."""

    # DatabaseServiceDeployment
    JOIN_TOKEN_DOES_NOT_ADMIT = "JoinTokenDoesNotAdmit"  # noqa: S105 (a word, no secret)
    """The join token that spec.joinToken names does not let the agents in."""
    SUBNETS_NOT_FOUND = "SubnetsNotFound"
    SECURITY_GROUPS_NOT_FOUND = "SecurityGroupsNotFound"
    NOT_IN_VPC = "NotInVpc"
    INBOUND_RULE_MISSING = "InboundRuleMissing"
    SINGLE_AVAILABILITY_ZONE = "SingleAvailabilityZone"
    """All tasks run, but a failure of one availability zone stops them all."""
    ECS_CLUSTER_OWNED_BY_OTHER_INTEGRATION = "EcsClusterOwnedByOtherIntegration"
    SERVICE_DRAINING = "ServiceDraining"
    ROLLING_OUT = "RollingOut"
    ROLLED_BACK = "RolledBack"
    """ECS went back to the last completed deployment: the same is not tried again by itself."""
    ROLLOUT_FAILED = "RolloutFailed"
    """The rollout failed and ECS had nothing to go back to: it is tried again after a pause."""
    AGENT_NEWER_THAN_CLUSTER = "AgentNewerThanCluster"
    DOWNGRADE_NOT_CONFIRMED = "DowngradeNotConfirmed"
    ROLLOUT_QUEUED = "RolloutQueued"
    """Other deployments change their agents' version first."""
    OUTSIDE_MAINTENANCE_WINDOW = "OutsideMaintenanceWindow"
    """The agents' version changes when the cluster's maintenance window opens."""
    UPDATED_BY_TELEPORT = "UpdatedByTeleport"
    """Teleport's own updater rolled out this version of the agents: it is accepted."""
    TASKS_STARTING = "TasksStarting"
    TASKS_STOPPED = "TasksStopped"
    NO_TASKS = "NoTasks"
    AGENTS_NOT_CONNECTED = "AgentsNotConnected"
    # why tasks do not run, as ECS says
    IMAGE_NOT_FOUND = "ImageNotFound"
    IMAGE_PULL_DENIED = "ImagePullDenied"
    IMAGE_PULL_THROTTLED = "ImagePullThrottled"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """For a cause that is none of the three above, nor the network."""
    PULL_SECRET_UNAVAILABLE = "PullSecretUnavailable"  # noqa: S105 (a word, no secret)
    LOG_GROUP_NOT_FOUND = "LogGroupNotFound"
    LOGS_DENIED = "LogsDenied"
    TASK_INITIALIZATION_FAILED = "TaskInitializationFailed"
    TASK_ROLE_NOT_ASSUMABLE = "TaskRoleNotAssumable"
    OUT_OF_MEMORY = "OutOfMemory"
    AGENT_EXITED = "AgentExited"
    """The agent's process ended by itself."""
    AGENT_UNHEALTHY = "AgentUnhealthy"
    """ECS stopped the task because its health check failed."""
    NETWORK_INTERFACE_LIMIT = "NetworkInterfaceLimit"
    VCPU_QUOTA_EXCEEDED = "VcpuQuotaExceeded"
    CAPACITY_UNAVAILABLE = "CapacityUnavailable"
    TASK_NOT_PLACED = "TaskNotPlaced"
    """ECS can place no task, for a cause that is none of the above."""
    # why running agents do not connect, as their log says
    JOIN_DENIED = "JoinDenied"
    JOIN_TOKEN_NOT_FOUND = "JoinTokenNotFound"  # noqa: S105 (a word, no secret)
    AGENT_TOO_OLD = "AgentTooOld"
    AGENT_TOO_NEW = "AgentTooNew"
    AGENT_CLOCK_SKEW = "AgentClockSkew"
    PROXY_CERTIFICATE_NOT_TRUSTED = "ProxyCertificateNotTrusted"
    WRONG_CLUSTER = "WrongCluster"
    """The agent reached another Teleport cluster than the one that it belongs to."""
    # what the network lacks, as the preflight and the model of the VPC say; some causes are named so, too
    NO_FREE_ADDRESSES = "NoFreeAddresses"
    FARGATE_QUOTA_TOO_LOW = "FargateQuotaTooLow"
    DNS_RESOLUTION_DISABLED = "DnsResolutionDisabled"
    """Tasks resolve no name: the VPC's DNS resolution is off, and its DHCP options name no other server."""
    IMAGE_REGISTRY_UNREACHABLE = "ImageRegistryUnreachable"
    TELEPORT_PROXY_UNREACHABLE = "TeleportProxyUnreachable"
    RDS_TRUST_STORE_UNREACHABLE = "RdsTrustStoreUnreachable"
    RDS_API_UNREACHABLE = "RdsApiUnreachable"
    LOGS_UNREACHABLE = "LogsUnreachable"
    STS_UNREACHABLE = "StsUnreachable"
    NAME_NOT_RESOLVED = "NameNotResolved"
    """The operator's DNS knows no address of a host that the agents need."""
    INTERFACE_AMBIGUOUS = "InterfaceAmbiguous"
    """RDS does not say which network interface a database has, and the ways to those that it may have differ."""


PROGRESS = frozenset(
    {
        Reason.PENDING,
        Reason.IN_PROGRESS,
        Reason.PAUSED,
        Reason.DELETING,
        Reason.OBSERVE_ONLY,
        Reason.CONFLICT,
        Reason.IAM_PROPAGATING,
        Reason.SERVICE_LINKED_ROLE_PROPAGATING,
        Reason.DEPLOYMENTS_NOT_READY,
        Reason.NOT_REPORTED,
        Reason.SERVICE_DRAINING,
        Reason.ROLLING_OUT,
        Reason.TASKS_STARTING,
        Reason.AGENTS_NOT_CONNECTED,
    }
)
"""Reasons of the way, not of trouble: nobody has to act while they do not last."""

UNANNOUNCED = frozenset(
    {
        Reason.DELETING,
        Reason.SERVICE_DRAINING,
        Reason.ROLLING_OUT,
        Reason.ROLLED_BACK,
        Reason.TASKS_STARTING,
    }
)
"""What AWS is at work on while a condition tells one of these: no event says when it is done, a look does."""

PREFLIGHT = frozenset(
    {
        Reason.NO_FREE_ADDRESSES,
        Reason.FARGATE_QUOTA_TOO_LOW,
        Reason.DNS_RESOLUTION_DISABLED,
        Reason.IMAGE_REGISTRY_UNREACHABLE,
        Reason.TELEPORT_PROXY_UNREACHABLE,
        Reason.RDS_TRUST_STORE_UNREACHABLE,
        Reason.RDS_API_UNREACHABLE,
        Reason.LOGS_UNREACHABLE,
    }
)
"""Findings in the network: they last until somebody changes it."""

WARNINGS = frozenset({Reason.SINGLE_AVAILABILITY_ZONE})
"""Reasons of conditions that are True and tell of a risk all the same."""

DIAGNOSES = frozenset(
    {
        Reason.IMAGE_REGISTRY_UNREACHABLE,
        Reason.IMAGE_NOT_FOUND,
        Reason.IMAGE_PULL_DENIED,
        Reason.IMAGE_PULL_THROTTLED,
        Reason.IMAGE_PULL_FAILED,
        Reason.PULL_SECRET_UNAVAILABLE,
        Reason.LOG_GROUP_NOT_FOUND,
        Reason.LOGS_DENIED,
        Reason.LOGS_UNREACHABLE,
        Reason.TASK_INITIALIZATION_FAILED,
        Reason.TASK_ROLE_NOT_ASSUMABLE,
        Reason.OUT_OF_MEMORY,
        Reason.AGENT_EXITED,
        Reason.AGENT_UNHEALTHY,
        Reason.NO_FREE_ADDRESSES,
        Reason.NETWORK_INTERFACE_LIMIT,
        Reason.VCPU_QUOTA_EXCEEDED,
        Reason.CAPACITY_UNAVAILABLE,
        Reason.TASK_NOT_PLACED,
        Reason.SUBNETS_NOT_FOUND,
        Reason.SECURITY_GROUPS_NOT_FOUND,
        Reason.TASKS_STOPPED,
        Reason.NO_TASKS,
        Reason.JOIN_DENIED,
        Reason.JOIN_TOKEN_NOT_FOUND,
        Reason.AGENT_TOO_OLD,
        Reason.AGENT_TOO_NEW,
        Reason.AGENT_CLOCK_SKEW,
        Reason.PROXY_CERTIFICATE_NOT_TRUSTED,
        Reason.WRONG_CLUSTER,
        Reason.TELEPORT_PROXY_UNREACHABLE,
        Reason.STS_UNREACHABLE,
    }
)
"""Causes that were read out of what ECS or an agent's log says."""
