"""What all resources have in common on the wire (types.Metadata)."""

from collections.abc import Mapping
from datetime import UTC, datetime

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


def expiry(metadata: Metadata) -> datetime | None:
    """When the server drops the resource; None: never."""
    return metadata.Expires.ToDatetime(tzinfo=UTC) if metadata.HasField("Expires") else None
