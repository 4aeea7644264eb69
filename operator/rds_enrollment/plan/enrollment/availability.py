"""RDS statuses in which a database cannot be enrolled.

Source: Teleport lib/cloud/aws/aws.go, which holds one table for instances and one for Aurora clusters. A status
that neither AWS nor Teleport had when the tables were written counts as available.
"""

_UNAVAILABLE_INSTANCE = frozenset(
    {
        "creating",
        "deleting",
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-network",
        "incompatible-restore",
        "insufficient-capacity",
        "starting",
        "stopped",
        "stopping",
    }
)
_UNAVAILABLE_CLUSTER = frozenset(
    {
        "cloning-failed",
        "creating",
        "deleting",
        "inaccessible-encryption-credentials",
        "migration-failed",
        "starting",
        "stopped",
        "stopping",
    }
)


def is_instance_available(status: str) -> bool:
    """Whether a DB instance in this DBInstanceStatus can be enrolled."""
    return status not in _UNAVAILABLE_INSTANCE


def is_cluster_available(status: str) -> bool:
    """Whether a DB cluster in this Status can be enrolled."""
    return status not in _UNAVAILABLE_CLUSTER
