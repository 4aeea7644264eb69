"""What a pass has seen of one integration."""

from dataclasses import dataclass, field

from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.observed.teleport import Integration, IntegrationProof


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationWorld:
    """Each field is what was read, or Unseen; None where the thing does not exist."""

    provider: Seen[IdentityProvider | None] = field(default_factory=Unseen)
    thumbprint: Seen[str] = field(default_factory=Unseen)
    """Of the certificates that the issuer serves; not looked at when the object goes."""
    role: Seen[Role | None] = field(default_factory=Unseen)
    integration: Seen[Integration | None] = field(default_factory=Unseen)
    dependents: Seen[tuple[str, ...]] = field(default_factory=Unseen)
    """`Kind namespace/name` of the objects that refer to this one."""
    former_roles: Seen[tuple[Role, ...]] = field(default_factory=Unseen)
    """Those of the roles that the spec named before that still exist."""
    proof: Seen[IntegrationProof | None] = field(default_factory=Unseen)
    """Read only once the integration names the wanted role; None when Teleport cannot be asked."""
    provider_users: Seen[tuple[str, ...]] = field(default_factory=Unseen)
    """ARNs of roles that trust the identity provider; read only when the object goes."""
    provider_shared: Seen[bool] = field(default_factory=Unseen)
    """Whether another AwsOidcIntegration of the same account needs the identity provider."""
