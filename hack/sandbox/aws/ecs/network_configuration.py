"""The awsvpc network of a service."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AwsvpcConfiguration:
    """Where the tasks of a deployment get their interfaces."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    assign_public_ip: bool

    def to_api(self) -> dict[str, Any]:
        return {
            "awsvpcConfiguration": {
                "subnets": list(self.subnets),
                "securityGroups": list(self.security_groups),
                "assignPublicIp": "ENABLED" if self.assign_public_ip else "DISABLED",
            }
        }
