"""moto's EC2 with what it lacks in security groups (what is used stays, rules have descriptions, and a rule is the same
whatever its description), and with a Reachability Analyzer.

Sources: Amazon EC2 API Reference, DeleteSecurityGroup and AuthorizeSecurityGroupIngress.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import moto.ec2.urls
from moto.core.responses import ActionResult
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from hack.sandbox.aws.insights import Analysis, Analyzer, Insights, Path
from hack.sandbox.aws.network import VpcNetwork


class SimulatedEc2Backend(EC2Backend):
    """One account and region."""

    analyzer = Analyzer()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.insights = Insights()

    def look_at_insights(self) -> Insights:
        """With every analysis ended that is due."""
        network = VpcNetwork(self.account_id, self.region_name)
        self.insights.advance(self.analyzer, network, self.enis)
        return self.insights

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

    def create_network_insights_path(self) -> ActionResult:
        backend = self._simulated
        path = backend.insights.create_path(
            backend.enis,
            (self._get_param("Source"), self._get_param("Destination")),
            int(self._get_param("DestinationPort")),
            self._new_tags(),
            self._get_param("ClientToken"),
        )
        backend.tags[path.id].update(path.tags)
        return ActionResult({"NetworkInsightsPath": _path(path)})

    def start_network_insights_analysis(self) -> ActionResult:
        backend = self._simulated
        path, token = self._get_param("NetworkInsightsPathId"), self._get_param("ClientToken")
        analysis = backend.insights.start(path, self._new_tags(), token)
        backend.tags[analysis.id].update(analysis.tags)
        return ActionResult({"NetworkInsightsAnalysis": _analysis(analysis)})

    def describe_network_insights_paths(self) -> ActionResult:
        found = self._simulated.look_at_insights().paths.values()
        return ActionResult({"NetworkInsightsPaths": [_path(item) for item in found]})

    def describe_network_insights_analyses(self) -> ActionResult:
        path = self._get_param("NetworkInsightsPathId")
        found = self._simulated.look_at_insights().analyses.values()
        listed = [_analysis(item) for item in found if path in (None, item.path.id)]
        return ActionResult({"NetworkInsightsAnalyses": listed})

    def delete_network_insights_analysis(self) -> ActionResult:
        analysis = self._get_param("NetworkInsightsAnalysisId")
        self._simulated.insights.delete_analysis(analysis)
        return ActionResult({"NetworkInsightsAnalysisId": analysis})

    def delete_network_insights_path(self) -> ActionResult:
        path = self._get_param("NetworkInsightsPathId")
        self._simulated.insights.delete_path(path)
        return ActionResult({"NetworkInsightsPathId": path})

    @property
    def _simulated(self) -> SimulatedEc2Backend:
        backend: SimulatedEc2Backend = self.ec2_backend
        return backend

    def _new_tags(self) -> dict[str, str]:
        specifications = self._get_param("TagSpecifications", [])
        return {tag["Key"]: tag["Value"] for item in specifications for tag in item["Tags"]}


def _path(path: Path) -> dict[str, Any]:
    return {
        "NetworkInsightsPathId": path.id,
        "CreatedDate": path.created_at,
        "Source": path.source,
        "Destination": path.destination,
        "Protocol": "tcp",
        "DestinationPort": path.port,
        "Tags": _tag_list(path.tags),
    }


def _analysis(analysis: Analysis) -> dict[str, Any]:
    told = {
        "NetworkInsightsAnalysisId": analysis.id,
        "NetworkInsightsPathId": analysis.path.id,
        "StartDate": analysis.started_at,
        "Status": "running",
        "Tags": _tag_list(analysis.tags),
    }
    if analysis.explanations is None:
        return told
    found = {"NetworkPathFound": not analysis.explanations, "Explanations": list(analysis.explanations)}
    return {**told, "Status": "succeeded", **found}


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
