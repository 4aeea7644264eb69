"""What all resources have in common on the wire (types.Metadata)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Conflict, Transient
from rds_enrollment.teleport.wire.resource_pb2 import Metadata

NAMESPACE = "default"
"""The only namespace there is (Teleport api/defaults)."""


def new_metadata(name: str) -> Metadata:
    """The metadata of a new resource."""
    return Metadata(Name=name, Namespace=NAMESPACE)


def replace_labels(metadata: Metadata, labels: Mapping[str, str]) -> None:
    """Makes the label set exactly `labels`."""
    metadata.Labels.clear()
    metadata.Labels.update(labels)


def merge_labels(metadata: Metadata, labels: Mapping[str, str]) -> None:
    """Sets `labels` and keeps the others."""
    metadata.Labels.update(labels)


def owner_of(labels: Mapping[str, str]) -> str:
    """The owner mark among the labels; empty when there is none."""
    return labels.get(OWNER_MARK, "")


def disown(metadata: Metadata, owner: str, subject: str) -> None:
    """Takes the owner mark off. Raises Conflict when it is another's."""
    require_owner(metadata, owner, subject)
    metadata.Labels.pop(OWNER_MARK, None)


def require_owner(metadata: Metadata, owner: str, subject: str) -> None:
    """Raises Conflict when an object that was just read is not the one that is to be written.

    The server writes without comparing: what somebody else has made his meanwhile must not be overwritten.
    """
    found = owner_of(metadata.Labels)
    if found != owner:
        whose = f"carries {OWNER_MARK}={found}" if found else f"carries no {OWNER_MARK}"
        raise Conflict(Reason.CONFLICT, f"{subject} has changed hands: it {whose}, and is left as it is")


def expiry(metadata: Metadata) -> datetime | None:
    """When the server drops the resource; None: never. Raises Transient when it says no moment that there is."""
    if not metadata.HasField("Expires"):
        return None
    try:
        return metadata.Expires.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        message = f"Teleport sent an expiry that is no time for {metadata.Name}: {error}"
        raise Transient(Reason.TELEPORT_FAILED, message) from error
