"""Which IAM actions each AWS operation asks for, and on what: the one table for the policy and its page in the docs.

Source: AWS Service Authorization Reference (actions, resource types, condition keys and dependent actions of each
service).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class On(StrEnum):
    """What an action is allowed on. The words name the statements of the policy."""

    ANYTHING = "Anything"
    REGIONS = "InTheRegions"
    """Actions for which IAM knows no resource, in the regions of the manifests."""
    DATABASES = "Databases"
    PROVIDERS = "IdentityProviders"
    OWN_PROVIDERS = "ManagedIdentityProviders"
    ROLES = "Roles"
    OWN_ROLES = "ManagedRoles"
    NEW_ROLES = "NewRoles"
    """Managed roles, with the boundary that they are to have."""
    OBSERVED_ROLES = "ObservedRoles"
    ATTACHED_POLICIES = "AttachedPolicies"
    PASSED_ROLES = "RolesOfTasks"
    LINKED_ROLE = "ServiceLinkedRole"
    CLUSTERS = "Clusters"
    IN_CLUSTERS = "InTheClusters"
    """An action whose resource says nothing, within the clusters."""
    SERVICES = "Services"
    SERVICE_REVISIONS = "ServiceRevisions"
    TASKS = "Tasks"
    TASK_DEFINITIONS = "TaskDefinitions"
    LOG_GROUPS = "LogGroups"
    LOG_STREAMS = "LogStreams"
    NETWORKS = "Vpcs"
    NEW_GROUPS = "NewSecurityGroups"
    NEW_RULES = "NewSecurityGroupRules"
    OWN_GROUPS = "OwnSecurityGroups"
    OPENED_GROUPS = "SecurityGroupsOfDatabases"
    ADOPTED_GROUPS = "AdoptedSecurityGroups"
    """Rules among them: what is taken over has no mark of ours yet."""
    TAGS_OF_NEW = "TagsOfWhatIsCreated"
    PREFIX_LISTS = "PrefixLists"
    INSIGHTS = "NetworkInsights"
    """What the Reachability Analyzer is asked with, in the regions of the manifests."""
    NEW_INSIGHTS = "NewNetworkInsights"
    OWN_INSIGHTS = "OwnNetworkInsights"
    TAGS_OF_INSIGHTS = "TagsOfNetworkInsights"
    ANALYZER = "ReachabilityAnalyzer"
    """What the analyzer reads and computes with the rights of who asks it."""
    ASSUMED_ROLES = "AssumedRoles"
    BY_HAND = "ByHand"
    """Calls of a command that people run with credentials of their own: they are no part of the operator's policy."""


@dataclass(frozen=True, slots=True)
class Need:
    """One action that an operation is checked for."""

    action: str
    on: On
    because: str = ""
    """Why, where the call does not show it."""


_OF_ANALYZER = (
    "directconnect:Describe*",
    "ec2:Describe*",
    "ec2:GetManagedPrefixListEntries",
    "ec2:GetTransitGatewayRouteTablePropagations",
    "ec2:SearchTransitGatewayRoutes",
    "elasticloadbalancing:Describe*",
    "tiros:CreateQuery",
    "tiros:GetQueryAnswer",
    "tiros:GetQueryExplanation",
)
"""Source: permissions of the create handler in AWS's resource schema of AWS::EC2::NetworkInsightsAnalysis."""
_TAGGED = "it is made with its tags"
_FIRST_USE = "ECS makes its role at its first use in an account"
_ANALYZES = "the analyzer looks with the rights of who asks it"
_PASSES = "the task definition names the roles of its tasks"


def _one(*names: str, on: On) -> dict[str, tuple[Need, ...]]:
    """Operations that ask for the action of their own name alone."""
    return {name: (Need(name, on),) for name in names}


def _by_hand(*names: str) -> dict[str, tuple[Need, ...]]:
    return {name: (Need(name, On.BY_HAND, "`rds-enrollment gc` alone asks"),) for name in names}


def _more(name: str, on: On, *needs: Need) -> dict[str, tuple[Need, ...]]:
    return {name: (Need(name, on), *needs)}


NEEDS: Mapping[str, tuple[Need, ...]] = {
    **_one("sts:GetCallerIdentity", on=On.ANYTHING),
    **_one("sts:AssumeRole", on=On.ASSUMED_ROLES),
    # RDS
    **_one("rds:DescribeDBInstances", "rds:DescribeDBClusters", on=On.DATABASES),
    # IAM
    **_one("iam:GetOpenIDConnectProvider", on=On.PROVIDERS),
    **_more(
        "iam:CreateOpenIDConnectProvider",
        On.OWN_PROVIDERS,
        Need("iam:TagOpenIDConnectProvider", On.OWN_PROVIDERS, _TAGGED),
    ),
    **_one(
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
        "iam:TagOpenIDConnectProvider",
        "iam:UntagOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
        on=On.OWN_PROVIDERS,
    ),
    **_one("iam:GetRole", "iam:GetRolePolicy", on=On.ROLES),
    **_one("iam:ListRolePolicies", "iam:ListAttachedRolePolicies", on=On.OBSERVED_ROLES),
    **_one("iam:GetPolicy", "iam:GetPolicyVersion", on=On.ATTACHED_POLICIES),
    **_one("iam:ListRoles", on=On.ANYTHING),
    **_more("iam:CreateRole", On.NEW_ROLES, Need("iam:TagRole", On.OWN_ROLES, _TAGGED)),
    **_one("iam:PutRolePermissionsBoundary", on=On.NEW_ROLES),
    **_one(
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
        on=On.OWN_ROLES,
    ),
    # ECS
    **_more(
        "ecs:CreateCluster",
        On.CLUSTERS,
        Need("ecs:TagResource", On.CLUSTERS, _TAGGED),
        Need("iam:CreateServiceLinkedRole", On.LINKED_ROLE, _FIRST_USE),
    ),
    **_one("ecs:DescribeClusters", "ecs:PutClusterCapacityProviders", "ecs:DeleteCluster", on=On.CLUSTERS),
    **_more(
        "ecs:CreateService",
        On.SERVICES,
        Need("ecs:TagResource", On.SERVICES, _TAGGED),
        Need("iam:CreateServiceLinkedRole", On.LINKED_ROLE, _FIRST_USE),
        Need("iam:PassRole", On.PASSED_ROLES, _PASSES),
    ),
    **_more("ecs:UpdateService", On.SERVICES, Need("iam:PassRole", On.PASSED_ROLES, _PASSES)),
    **_one("ecs:DescribeServices", "ecs:DeleteService", "ecs:ListServiceDeployments", on=On.SERVICES),
    **_more(
        "ecs:DescribeServiceRevisions",
        On.SERVICE_REVISIONS,
        Need("ecs:DescribeServiceRevisions", On.SERVICES),
    ),
    **_one("ecs:ListTasks", on=On.IN_CLUSTERS),
    **_one("ecs:DescribeTasks", on=On.TASKS),
    **_more(
        "ecs:RegisterTaskDefinition",
        On.TASK_DEFINITIONS,
        Need("ecs:TagResource", On.TASK_DEFINITIONS, _TAGGED),
        Need("iam:PassRole", On.PASSED_ROLES, _PASSES),
    ),
    **_one("ecs:DeleteTaskDefinitions", on=On.TASK_DEFINITIONS),
    **_one(
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "ecs:DeregisterTaskDefinition",
        on=On.REGIONS,
    ),
    "ecs:TagResource": tuple(
        Need("ecs:TagResource", on) for on in (On.CLUSTERS, On.SERVICES, On.TASK_DEFINITIONS)
    ),
    "ecs:UntagResource": tuple(
        Need("ecs:UntagResource", on) for on in (On.CLUSTERS, On.SERVICES, On.TASK_DEFINITIONS)
    ),
    **_by_hand("ecs:ListServices", "ecs:ListTaskDefinitionFamilies"),
    # CloudWatch Logs
    **_one("logs:GetLogEvents", on=On.LOG_STREAMS),
    **_one("logs:DescribeLogGroups", on=On.REGIONS),
    **_more("logs:CreateLogGroup", On.LOG_GROUPS, Need("logs:TagResource", On.LOG_GROUPS, _TAGGED)),
    **_one(
        "logs:ListTagsForResource",
        "logs:TagResource",
        "logs:UntagResource",
        "logs:PutRetentionPolicy",
        "logs:DeleteRetentionPolicy",
        "logs:AssociateKmsKey",
        "logs:DisassociateKmsKey",
        "logs:DeleteLogGroup",
        on=On.LOG_GROUPS,
    ),
    # EC2
    **_one(
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTransitGatewayVpcAttachments",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcs",
        on=On.REGIONS,
    ),
    **_one("ec2:GetManagedPrefixListEntries", on=On.PREFIX_LISTS),
    # Service Quotas
    **_one("servicequotas:GetServiceQuota", on=On.REGIONS),
    **_more(
        "ec2:CreateSecurityGroup",
        On.NEW_GROUPS,
        Need("ec2:CreateSecurityGroup", On.NETWORKS),
        Need("ec2:CreateTags", On.TAGS_OF_NEW, _TAGGED),
    ),
    **_more(
        "ec2:AuthorizeSecurityGroupIngress",
        On.OPENED_GROUPS,
        Need("ec2:AuthorizeSecurityGroupIngress", On.NEW_RULES),
        Need("ec2:CreateTags", On.TAGS_OF_NEW, _TAGGED),
    ),
    "ec2:RevokeSecurityGroupIngress": tuple(
        Need("ec2:RevokeSecurityGroupIngress", on) for on in (On.OWN_GROUPS, On.OPENED_GROUPS)
    ),
    **_one("ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteSecurityGroup", "ec2:DeleteTags", on=On.OWN_GROUPS),
    **_more("ec2:CreateTags", On.OWN_GROUPS, Need("ec2:CreateTags", On.ADOPTED_GROUPS)),
    # Reachability Analyzer
    **_one("ec2:DescribeNetworkInsightsPaths", "ec2:DescribeNetworkInsightsAnalyses", on=On.INSIGHTS),
    **_more(
        "ec2:CreateNetworkInsightsPath",
        On.NEW_INSIGHTS,
        Need("ec2:CreateTags", On.TAGS_OF_INSIGHTS, _TAGGED),
    ),
    **_more(
        "ec2:StartNetworkInsightsAnalysis",
        On.NEW_INSIGHTS,
        Need("ec2:StartNetworkInsightsAnalysis", On.OWN_INSIGHTS),
        Need("ec2:CreateTags", On.TAGS_OF_INSIGHTS, _TAGGED),
        *(Need(action, On.ANALYZER, _ANALYZES) for action in _OF_ANALYZER),
    ),
    **_one("ec2:DeleteNetworkInsightsAnalysis", "ec2:DeleteNetworkInsightsPath", on=On.OWN_INSIGHTS),
}
"""By `service:Operation`. Each call needs those of its needs that concern what it acts on."""


def actions() -> frozenset[str]:
    """Every IAM action of the table."""
    return frozenset(need.action for needs in NEEDS.values() for need in needs)
