"""What a pass has seen of one integration."""

from dataclasses import dataclass, field

from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationWorld:
    """Each field is what was read, or Unseen; None where the thing does not exist."""

    provider: Seen[IdentityProvider | None] = field(default_factory=Unseen)
    role: Seen[Role | None] = field(default_factory=Unseen)
    integration: Seen[Integration | None] = field(default_factory=Unseen)
    dependents: Seen[tuple[str, ...]] = field(default_factory=Unseen)
    """`Kind namespace/name` of the objects that refer to this one."""
    provider_shared: Seen[bool] = field(default_factory=Unseen)
    """Whether another AwsOidcIntegration of the same account needs the identity provider."""
