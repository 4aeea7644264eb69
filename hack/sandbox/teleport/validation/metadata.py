"""Rules for the metadata of every resource (Teleport api/types/resource.go, Metadata.CheckAndSetDefaults)."""

import re

from rds_enrollment.teleport.wire.resource_pb2 import Metadata

from hack.sandbox.teleport.errors import bad_parameter

DEFAULT_NAMESPACE = "default"
ORIGIN_LABEL = "teleport.dev/origin"
ORIGINS = frozenset(
    {
        "defaults",
        "config-file",
        "dynamic",
        "cloud",
        "kubernetes",
        "okta",
        "scim",
        "discovery-kubernetes",
        "entra-id",
        "aws-identity-center",
        "integration_awsrolesanywhere",
    }
)
"""Teleport api/types/common/constants.go, OriginValues. The AWS tag's `integration_awsoidc` is none of them."""

_LABEL_KEY = re.compile(r"[a-zA-Z/.0-9_:*-]+")


def check_metadata(metadata: Metadata) -> None:
    """Raises INVALID_ARGUMENT; sets the default namespace."""
    if not metadata.Name:
        raise bad_parameter("metadata.name is missing")
    metadata.Namespace = metadata.Namespace or DEFAULT_NAMESPACE
    if metadata.Namespace != DEFAULT_NAMESPACE:
        raise bad_parameter(f"namespace {metadata.Namespace!r} is not {DEFAULT_NAMESPACE!r}")
    for key in metadata.Labels:
        if not _LABEL_KEY.fullmatch(key):
            raise bad_parameter(f"label key {key!r} does not match {_LABEL_KEY.pattern}")
    origin = metadata.Labels.get(ORIGIN_LABEL, "")
    if origin and origin not in ORIGINS:
        raise bad_parameter(f"{ORIGIN_LABEL} {origin!r} is none of {', '.join(sorted(ORIGINS))}")
