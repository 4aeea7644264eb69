"""The service-linked role of ECS, which AWS makes itself when an account first uses ECS.

The first calls can come before the role can be used. Source: Amazon ECS Developer Guide, "Using service-linked roles
for Amazon ECS"; the text is the one that Teleport recognises (lib/integrations/awsoidc/deployservice.go).
"""

from dataclasses import dataclass, field

from hack.sandbox.aws.ecs.errors import invalid_parameter
from hack.sandbox.aws.roles import has_linked_role

SERVICE = "ecs.amazonaws.com"


@dataclass
class ServiceLinkedRole:
    """`refusals` is how many first calls of an account are refused; 0 where ECS has been used before."""

    refusals: int = 0
    _refused: dict[str, int] = field(default_factory=dict)

    def use(self, account: str, region: str) -> None:
        """Raises InvalidParameterException until the role can be used, made by ECS or by CreateServiceLinkedRole."""
        refused = self._refused.get(account, 0)
        if refused >= self.refusals or has_linked_role(account, region, SERVICE):
            return
        self._refused[account] = refused + 1
        raise invalid_parameter(
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
        )

    def forget(self) -> None:
        """Every account is new to ECS again."""
        self._refused.clear()
