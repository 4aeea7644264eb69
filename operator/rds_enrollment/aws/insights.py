"""Amazon EC2: AWS's Reachability Analyzer."""

from collections.abc import Mapping
from typing import Any

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.aws.errors import gone_is_done, translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.aws.tags import capitalised_tags, read_tags
from rds_enrollment.plan.observed.insights import Insights, InsightsAnalysis, InsightsPath
from rds_enrollment.plan.steps import insights as steps

_PAGE: Any = {"PageSize": 100}
_GONE = ("InvalidNetworkInsightsPathId.NotFound", "InvalidNetworkInsightsAnalysisId.NotFound")
"""EC2 models no exceptions; its other ids have codes of this form (EC2 API, "Error codes")."""
_COMPONENTS = (
    "SecurityGroup",
    "SecurityGroups",
    "Acl",
    "RouteTable",
    "SubnetRouteTable",
    "IngressRouteTable",
    "NatGateway",
    "InternetGateway",
    "TransitGateway",
    "VpcPeeringConnection",
    "VpcEndpoint",
    "NetworkInterface",
    "Subnet",
    "Component",
)
"""Members of EC2's Explanation that name a resource, the most telling first."""
_NAMED = 3
"""Resources that an explanation names, at most."""


def get_insights(account: AwsAccount, region: str, mark: str) -> Insights:
    """The paths with the owner mark `mark`, and their analyses (ec2:DescribeNetworkInsightsPaths and
    DescribeNetworkInsightsAnalyses). EC2 filters neither by tags; an account has at most 100 paths in a region, by
    default."""
    paths = tuple(path for path in _paths(account, region) if path.tags.get(OWNER_MARK) == mark)
    return _with_analyses(account, region, paths)


def marked_insights(account: AwsAccount, region: str) -> Insights:
    """The paths with anybody's owner mark, and their analyses."""
    paths = tuple(path for path in _paths(account, region) if OWNER_MARK in path.tags)
    return _with_analyses(account, region, paths)


def _paths(account: AwsAccount, region: str) -> tuple[InsightsPath, ...]:
    with translated("ec2:DescribeNetworkInsightsPaths", f"network insights paths in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_network_insights_paths")
        pages = paginator.paginate(PaginationConfig=_PAGE)
        return tuple(_path(entry) for page in pages for entry in page["NetworkInsightsPaths"])


def _with_analyses(account: AwsAccount, region: str, paths: tuple[InsightsPath, ...]) -> Insights:
    return Insights(paths, tuple(item for path in paths for item in _analyses(account, region, path.id)))


def _analyses(account: AwsAccount, region: str, path: str) -> tuple[InsightsAnalysis, ...]:
    with translated("ec2:DescribeNetworkInsightsAnalyses", f"analyses of {path} in {region}"):
        paginator = account.client("ec2", region).get_paginator("describe_network_insights_analyses")
        pages = paginator.paginate(NetworkInsightsPathId=path, PaginationConfig=_PAGE)
        return tuple(_analysis(entry) for page in pages for entry in page["NetworkInsightsAnalyses"])


def create_path(account: AwsAccount, step: steps.CreateNetworkInsightsPath) -> None:
    """ec2:CreateNetworkInsightsPath with tags."""
    with translated("ec2:CreateNetworkInsightsPath", step.target):
        account.client("ec2", step.region).create_network_insights_path(
            Source=step.source,
            Destination=step.destination,
            Protocol="tcp",
            DestinationPort=step.port,
            ClientToken=step.token,
            TagSpecifications=[
                {"ResourceType": "network-insights-path", "Tags": capitalised_tags(step.tags)}
            ],
        )


def start_analysis(account: AwsAccount, step: steps.StartNetworkInsightsAnalysis) -> None:
    """ec2:StartNetworkInsightsAnalysis with tags."""
    with translated("ec2:StartNetworkInsightsAnalysis", step.target):
        account.client("ec2", step.region).start_network_insights_analysis(
            NetworkInsightsPathId=step.path,
            ClientToken=step.path,
            TagSpecifications=[
                {"ResourceType": "network-insights-analysis", "Tags": capitalised_tags(step.tags)}
            ],
        )


def delete_analysis(account: AwsAccount, step: steps.DeleteNetworkInsightsAnalysis) -> None:
    """ec2:DeleteNetworkInsightsAnalysis. One that is gone is deleted."""
    with translated("ec2:DeleteNetworkInsightsAnalysis", step.target), gone_is_done(*_GONE):
        account.client("ec2", step.region).delete_network_insights_analysis(
            NetworkInsightsAnalysisId=step.analysis
        )


def delete_path(account: AwsAccount, step: steps.DeleteNetworkInsightsPath) -> None:
    """ec2:DeleteNetworkInsightsPath. One that is gone is deleted."""
    with translated("ec2:DeleteNetworkInsightsPath", step.target), gone_is_done(*_GONE):
        account.client("ec2", step.region).delete_network_insights_path(NetworkInsightsPathId=step.path)


def _path(entry: Mapping[str, Any]) -> InsightsPath:
    return InsightsPath(
        id=entry["NetworkInsightsPathId"],
        source=entry.get("Source", ""),
        destination=entry.get("Destination", ""),
        tags=read_tags(entry.get("Tags")),
    )


def _analysis(entry: Mapping[str, Any]) -> InsightsAnalysis:
    return InsightsAnalysis(
        id=entry["NetworkInsightsAnalysisId"],
        path=entry["NetworkInsightsPathId"],
        started_at=entry["StartDate"],
        status=entry["Status"],
        failure=entry.get("StatusMessage", ""),
        reachable=entry.get("NetworkPathFound", False),
        explanations=tuple(dict.fromkeys(map(_explanation, entry.get("Explanations", ())))),
    )


def _explanation(entry: Mapping[str, Any]) -> str:
    """`ENI_SG_RULES_MISMATCH (ingress; sg-0a)`."""
    found = (entry.get(name) for name in _COMPONENTS)
    listed = (item if isinstance(item, list) else [item] for item in found if item)
    ids = dict.fromkeys(item["Id"] for items in listed for item in items if item.get("Id"))
    about = "; ".join(filter(None, (entry.get("Direction"), ", ".join(list(ids)[:_NAMED]))))
    code = entry.get("ExplanationCode", "")
    return f"{code} ({about})" if about else code
