"""The integration between its value and its wire message (types.IntegrationV1)."""

from rds_enrollment.plan.observed.teleport import Integration
from rds_enrollment.teleport.metadata_wire import merge_labels, new_metadata
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.resource_pb2 import ResourceHeader

AWS_OIDC = "aws-oidc"
_KIND = "integration"
_VERSION = "v1"


def read_integration(message: IntegrationV1) -> Integration:
    """The value of a message. `role_arn` is empty for other sub kinds."""
    return Integration(
        name=message.Header.Metadata.Name,
        sub_kind=message.Header.SubKind,
        role_arn=message.Spec.AWSOIDC.RoleARN,
        labels=dict(message.Header.Metadata.Labels),
    )


def new_integration(integration: Integration) -> IntegrationV1:
    """The message that creates `integration`. Raises ValueError for another sub kind than aws-oidc."""
    if integration.sub_kind != AWS_OIDC:
        raise ValueError(f"an integration of sub kind {integration.sub_kind!r} cannot be written")
    header = ResourceHeader(
        Kind=_KIND, SubKind=AWS_OIDC, Version=_VERSION, Metadata=new_metadata(integration.name)
    )
    message = IntegrationV1(Header=header)
    write_integration(message, integration)
    return message


def write_integration(message: IntegrationV1, integration: Integration) -> None:
    """Sets in `message` the role and the labels of `integration`, and leaves every other field and label.

    Raises ValueError when the sub kinds are not both aws-oidc.
    """
    if not message.Header.SubKind == integration.sub_kind == AWS_OIDC:
        raise ValueError(
            f"{integration.name!r} is of sub kind {message.Header.SubKind!r}: it cannot be written"
        )
    merge_labels(message.Header.Metadata, integration.labels)
    message.Spec.AWSOIDC.RoleARN = integration.role_arn
