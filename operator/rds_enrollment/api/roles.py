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


_OBSERVED_IS_UNCHANGED = Rule(
    "!has(self.permissionsBoundary) || !has(self.managementPolicy) || self.managementPolicy == 'Manage'",
    "permissionsBoundary goes with managementPolicy Manage: an observed role is not changed",
    ".permissionsBoundary",
)


def _stays(renamed: str) -> Rule:
    """`renamed`: whether the name is another one than before, in CEL."""
    return Rule(
        f"{renamed} || (has(self.path) ? self.path : '/') == (has(oldSelf.path) ? oldSelf.path : '/')",
        "a role cannot be moved to another path under its name: change name, too",
        ".path",
    )


class RoleSettings(SpecModel):
    """What is said of an IAM role beside its name."""

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


class IamRole(RoleSettings):
    """An IAM role."""

    model_config = ConfigDict(
        json_schema_extra=validations(_stays("self.name != oldSelf.name"), _OBSERVED_IS_UNCHANGED)
    )

    name: RoleName
    """Name of the IAM role, 1 to 64 characters. When it changes, the new role takes over before the old one goes."""


class TaskRole(RoleSettings):
    """The IAM role of a deployment's tasks."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            _stays("(has(self.name) ? self.name : '') != (has(oldSelf.name) ? oldSelf.name : '')"),
            _OBSERVED_IS_UNCHANGED,
        )
    )

    name: RoleName | None = None
    """Name of the IAM role, 1 to 64 characters. When it changes, the new role takes over before the old one goes.
    Default: TeleportDatabaseAccess-<vpc id>, so that one join token admits the agents of one deployment."""

    def named(self, default: str) -> IamRole:
        """The role, under its own name or the default one."""
        return IamRole(
            name=self.name or default,
            path=self.path,
            permissions_boundary=self.permissions_boundary,
            management_policy=self.management_policy,
        )
