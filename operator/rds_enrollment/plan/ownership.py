"""Marks of ownership: Teleport's three tags, ours, and what may be touched because of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.plan.scope import Scope

TAG_CLUSTER = "teleport.dev/cluster"
TAG_ORIGIN = "teleport.dev/origin"
TAG_INTEGRATION = "teleport.dev/integration"
_MARK_PARTS = 4
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

    @classmethod
    def of_mark(cls, mark: str) -> "Owner | None":
        """The owner that a mark names; None for a shared mark, and for what is none of ours."""
        parts = mark.split("/")
        return cls(*parts) if len(parts) == _MARK_PARTS else None

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


def own_tags(scope: Scope, owner: Owner, user: Mapping[str, str]) -> dict[str, str]:
    """Tags of an AWS resource that belongs to one object alone: the user's, Teleport's three, and its mark."""
    return {**_common_tags(scope, user), OWNER_MARK: owner.mark}


def shared_tags(scope: Scope, owner: Owner, user: Mapping[str, str]) -> dict[str, str]:
    """Tags of an AWS resource that several objects of one operator use."""
    return {**_common_tags(scope, user), OWNER_MARK: owner.shared_mark}


def _common_tags(scope: Scope, user: Mapping[str, str]) -> dict[str, str]:
    return {**user, **teleport_tags(scope.cluster.name, scope.integration)}


def drifted_tags(wanted: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """The tags that are to be written on a resource of one object. What others added stays."""
    return {key: value for key, value in wanted.items() if seen.get(key) != value}


def absent_tags(wanted: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """The tags that are to be written on a shared resource: two objects that want different values must not take
    turns, so a value that is there stays."""
    return {key: value for key, value in wanted.items() if key not in seen}


def former_tags(applied: Mapping[str, str], user: Mapping[str, str]) -> dict[str, str]:
    """What was applied and is not wanted any more. IAM takes keys that differ in case alone for the same."""
    wanted = {key.lower() for key in user}
    return {key: value for key, value in applied.items() if key.lower() not in wanted}


@dataclass(frozen=True, slots=True)
class FormerTags:
    """The user's tags that were applied and are not wanted any more."""

    own: Mapping[str, str] = field(default_factory=dict)
    """On what belongs to the object alone."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """On what it shares with others that do not want them either."""


NO_FORMER_TAGS = FormerTags()


def stale_tags(former: Mapping[str, str], seen: Mapping[str, str]) -> tuple[str, ...]:
    """Keys of the former tags that a resource still carries; with another value a tag is somebody else's by now."""
    return tuple(sorted(key for key, value in former.items() if seen.get(key) == value))


def without(tags: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """The other tags."""
    return {key: value for key, value in tags.items() if key not in keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What of somebody else's an object may make its own."""

    policy: AdoptionPolicy = AdoptionPolicy.NEVER
    owner_id: str = ""
    teleport: Mapping[str, str] = field(default_factory=dict)
    """Teleport's three tags of this cluster and integration."""
    living: frozenset[str] = frozenset()
    """Marks of this operator's objects that exist: what is theirs stays theirs."""
    withheld: bool = False
    """Whether the operator lets no object adopt more than IfTagged does: who writes objects could take any role of the
    account otherwise."""

    def takes(self, tags: Mapping[str, str]) -> bool:
        """Whether an AWS resource with these tags is to become the object's own."""
        mark = tags.get(OWNER_MARK, "")
        if self.policy is AdoptionPolicy.NEVER or mark in self.living or mark == self.owner_id:
            return False
        if self.policy is AdoptionPolicy.ALWAYS and not self.withheld:
            return True
        return self.teleport.items() <= tags.items() and (not mark or mark.startswith(f"{self.owner_id}/"))

    @property
    def note(self) -> str:
        """For messages about what is not taken."""
        if self.policy is not AdoptionPolicy.ALWAYS or not self.withheld:
            return ""
        return " adoptionPolicy Always takes it only where the operator runs with --adoption=Always."

    def takes_shared(self, tags: Mapping[str, str]) -> bool:
        """The same of a resource that several objects use: one that any operator has marked stays with it."""
        return OWNER_MARK not in tags and self.takes(tags)


NO_ADOPTION = Adoption()


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
