"""moto's EC2 with what it lacks in security groups: what is used stays, rules have descriptions, and a rule is the same
whatever its description.

Sources: Amazon EC2 API Reference, DeleteSecurityGroup and AuthorizeSecurityGroupIngress.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import moto.ec2.urls
from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix


class SimulatedEc2Backend(EC2Backend):
    """One account and region."""

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return moto.ec2.urls

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """moto asks for the tags of each resource that it lists, and goes through those of all resources each time."""
        match filters:
            case {"resource-id": [str(resource_id)], **others} if not others and not set(resource_id) & set(
                "*?"
            ):
                kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), "")
                tags = self.tags.get(resource_id, {}).items()
                return [
                    {"resource_id": resource_id, "key": key, "value": value, "resource_type": kind}
                    for key, value in tags
                ]
        return list(super().describe_tags(filters))

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """A group that an interface has, or a rule of another group names, stays."""
        if group_id and (self._has_interface(group_id) or self._is_named(group_id)):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        super().delete_security_group(name, group_id)

    def _has_interface(self, group_id: str) -> bool:
        return any(group_id in {group.id for group in eni.group_set} for eni in self.enis.values())

    def _is_named(self, group_id: str) -> bool:
        return any(
            rule.source_group.get("GroupId") == group_id
            for group in self._all_groups()
            if group.id != group_id
            for rule in (*group.ingress_rules, *group.egress_rules)
        )

    def _all_groups(self) -> Iterator[SecurityGroup]:
        return chain.from_iterable(groups.values() for groups in self.groups.values())

    def _iterate_security_rules(self, *args: Any, **kwargs: Any) -> Iterator[SecurityGroupRule]:
        """moto keeps the description of a rule about a group where it makes rules differ and shows in no rule."""
        for rule in super()._iterate_security_rules(*args, **kwargs):
            rule.source_group = dict(rule.source_group)
            description = rule.source_group.pop("Description", None)
            if description is not None:
                rule.ip_range = {"Description": description}
            yield rule


class SimulatedEc2Response(EC2Response):
    def delete_security_group(self) -> ActionResult:
        """moto answers with nothing, EC2 with what it has deleted."""
        super().delete_security_group()
        return ActionResult({"Return": True, "GroupId": self._get_param("GroupId")})
