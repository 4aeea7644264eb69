"""IAM roles as specs name them: made and kept by the operator, or looked at only."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from rds_enrollment.api.base import SpecModel
from rds_enrollment.api.rules import Rule, validations
from rds_enrollment.api.types import Arn, RoleName

RolePath = Annotated[str, Field(pattern="^/([!-.0-~]+/)*$", min_length=1, max_length=512)]
"""AWS IAM CreateRole: Path."""
PolicyArn = Annotated[Arn, Field(pattern="^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$")]


class ManagementPolicy(StrEnum):
    """Who makes and keeps a thing."""

    MANAGE = "Manage"
    OBSERVE = "Observe"


class IamRole(SpecModel):
    """An IAM role."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "self.name != oldSelf.name || (has(self.path) ? self.path : '/')"
                " == (has(oldSelf.path) ? oldSelf.path : '/')",
                "a role cannot be moved to another path under its name: change name, too",
                ".path",
            ),
            Rule(
                "!has(self.permissionsBoundary) || !has(self.managementPolicy)"
                " || self.managementPolicy == 'Manage'",
                "permissionsBoundary goes with managementPolicy Manage: an observed role is not changed",
                ".permissionsBoundary",
            ),
        )
    )

    name: RoleName
    """Name of the IAM role, 1 to 64 characters. When it changes, the new role takes over before the old one goes."""
    path: RolePath = "/"
    """IAM path of the role, which begins and ends with a slash. It changes only together with name. Default: /."""
    permissions_boundary: PolicyArn | None = None
    """ARN of the IAM policy that bounds the role's permissions. One that is on the role already is never taken off.
    Default: none."""
    management_policy: ManagementPolicy = ManagementPolicy.MANAGE
    """Manage or Observe. Observe: the role is somebody else's; it is never changed, and what it lacks is named.
    Default: Manage."""

    @property
    def managed(self) -> bool:
        return self.management_policy is ManagementPolicy.MANAGE
