"""Marks of ownership: Teleport's three tags, ours, and what may be touched because of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from rds_enrollment.api.common import OWNER_MARK

TAG_CLUSTER = "teleport.dev/cluster"
TAG_ORIGIN = "teleport.dev/origin"
TAG_INTEGRATION = "teleport.dev/integration"
ORIGIN = "integration_awsoidc"
"""Teleport api/types/common/constants.go: OriginIntegrationAWSOIDC."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Which object of which operator a resource belongs to."""

    owner_id: str
    kind: str
    """Short name: awsoidc, rdsenroll or dbsvc."""
    namespace: str
    name: str

    @property
    def mark(self) -> str:
        """The mark of a resource that belongs to one object alone."""
        return f"{self.owner_id}/{self.kind}/{self.namespace}/{self.name}"

    @property
    def shared_mark(self) -> str:
        """The mark of a resource that several objects of one operator use."""
        return self.owner_id


def teleport_tags(cluster: str, integration: str) -> dict[str, str]:
    """The three tags that Teleport puts on what its wizard makes (lib/cloud/aws/tags/tags.go)."""
    return {TAG_CLUSTER: cluster, TAG_ORIGIN: ORIGIN, TAG_INTEGRATION: integration}


def has_teleport_tags(tags: Mapping[str, str], cluster: str, integration: str) -> bool:
    """Whether a resource carries the three tags of this cluster and integration."""
    return teleport_tags(cluster, integration).items() <= tags.items()


def marked(tags: Mapping[str, str], mark: str) -> bool:
    """Whether a resource (its AWS tags or Teleport labels) carries exactly this owner's mark."""
    return tags.get(OWNER_MARK) == mark


def owner_text(tags: Mapping[str, str]) -> str:
    """Whose a resource is, for messages."""
    mark = tags.get(OWNER_MARK)
    return f"carries {OWNER_MARK}={mark}" if mark else f"carries no {OWNER_MARK}"
