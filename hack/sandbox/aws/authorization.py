"""What IAM checks of each call, and whether a policy allows it. moto knows no conditions and hardly any resources.

Source: AWS Service Authorization Reference. Written from the requests, and apart from the product's
own table and evaluator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.utilities.utils import get_partition

from hack.sandbox.aws.account_facts import ec2_resource, has_ecs_role, role_arn
from hack.sandbox.aws.patterns import fits, statements_of
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply

Context = Mapping[str, str]
Document = Mapping[str, Any]
"""A policy, as JSON has it."""


@dataclass(frozen=True)
class Check:
    """One action on one resource. `context` has the condition keys of the request."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class _Call:
    request: AwsRequest
    account: str

    @property
    def values(self) -> Mapping[str, Any]:
        return self.request.parameters

    @property
    def partition(self) -> str:
        return get_partition(self.request.region)

    def arn(self, resource: str, *, service: str = "", region: str | None = None) -> str:
        place = self.request.region if region is None else region
        return f"arn:{self.partition}:{service or self.request.service}:{place}:{self.account}:{resource}"

    def iam(self, resource: str) -> str:
        return self.arn(resource, service="iam", region="")


def checks(request: AwsRequest, account: str) -> tuple[Check, ...]:
    """Raises LookupError: the sandbox does not know what IAM checks of this operation."""
    call = _Call(request, account)
    found = _OF_SERVICE[request.service](call)
    if not found:
        raise LookupError(f"what IAM checks of {request.name} is not known here")
    region = {"aws:RequestedRegion": request.region}
    return tuple(Check(item.action, item.resource, {**item.context, **region}) for item in found)


def refusal(policy: Document, request: AwsRequest, account: str) -> Reply | None:
    """The answer of AWS where a policy does not allow a call."""
    for check in checks(request, account):
        if not allowed(policy, check):
            return _denial(request, account, check)
    return None


def allowed(policy: Document, check: Check) -> bool:
    """An explicit Deny wins, then an Allow is needed (AWS IAM User Guide, "Policy evaluation logic")."""
    effects = {item["Effect"] for item in statements_of(policy) if _applies(item, check)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], check: Check) -> bool:
    return (
        any(fits(item.lower(), check.action.lower()) for item in _list(statement["Action"]))
        and any(fits(item, check.resource) for item in _list(statement["Resource"]))
        and all(
            _holds(operator, key, _list(expected), check.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _holds(operator: str, key: str, expected: list[str], context: Context) -> bool:
    """A key that the request does not have fails (IAM User Guide, "Condition operators")."""
    value = context.get(key)
    if value is None:
        return False
    if operator == "StringEquals":
        return value in expected
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(fits(item, value) for item in expected)
    raise LookupError(f"condition operator {operator} is not known here")


def _denial(request: AwsRequest, account: str, check: Check) -> Reply:
    code, status = {"ec2": ("UnauthorizedOperation", 403)}.get(request.service, ("AccessDenied", 403))
    if request.service in ("ecs", "logs"):
        code, status = "AccessDeniedException", 400
    message = (
        f"User: arn:aws:iam::{account}:user/operator is not authorized to perform: {check.action} on resource: "
        f"{check.resource} because no identity-based policy allows the {check.action} action"
    )
    return error_reply(request.service, code, message, status)


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _tags(values: Mapping[str, Any]) -> dict[str, str]:
    """`aws:RequestTag/…` of each tag, in whichever form the protocol has them."""
    tags = values.get("tags")
    if isinstance(tags, Mapping):
        return {f"aws:RequestTag/{key}": str(value) for key, value in tags.items()}
    if isinstance(tags, list):
        return {f"aws:RequestTag/{item['key']}": str(item["value"]) for item in tags}
    keys = {name: str(value) for name, value in values.items() if _is_tag(name) and name.endswith(".Key")}
    return {
        f"aws:RequestTag/{key}": str(values.get(f"{name.removesuffix('Key')}Value", ""))
        for name, key in keys.items()
    }


def _is_tag(name: str) -> bool:
    return name.startswith(("Tags.member.", "Tag.", "TagSpecification."))


def _iam(call: _Call) -> list[Check]:
    action, values = call.request.name, call.values
    if call.request.operation == "ListRoles":
        return [Check(action, "*")]
    if "PolicyArn" in values and "RoleName" not in values:
        return [Check(action, str(values["PolicyArn"]))]
    tags = _tags(values)
    if "RoleName" in values:
        arn = role_arn(call.account, call.partition, str(values["RoleName"]), str(values.get("Path", "/")))
        boundary = values.get("PermissionsBoundary")
        context = {**tags, **({"iam:PermissionsBoundary": str(boundary)} if boundary else {})}
        tagging = "iam:TagRole"
    else:
        host = str(values.get("Url", "")).removeprefix("https://")
        arn = str(values.get("OpenIDConnectProviderArn") or call.iam(f"oidc-provider/{host}"))
        context, tagging = tags, "iam:TagOpenIDConnectProvider"
    found = [Check(action, arn, context)]
    if tags and call.request.operation.startswith("Create"):
        found.append(Check(tagging, arn, tags))
    return found


def _sts(call: _Call) -> list[Check]:
    return [Check(call.request.name, str(call.values.get("RoleArn", "*")))]


def _rds(call: _Call) -> list[Check]:
    kind, key = (
        ("cluster", "DBClusterIdentifier")
        if "Cluster" in call.request.operation
        else ("db", "DBInstanceIdentifier")
    )
    return [Check(call.request.name, call.arn(f"{kind}:{call.values.get(key, '*')}"))]


def _logs(call: _Call) -> list[Check]:
    if call.request.operation == "DescribeLogGroups":
        return [Check(call.request.name, "*")]
    values = call.values
    if call.request.operation == "GetLogEvents":
        stream = f"log-group:{values['logGroupName']}:log-stream:{values['logStreamName']}"
        return [Check(call.request.name, call.arn(stream))]
    arn = str(values.get("resourceArn") or call.arn(f"log-group:{values.get('logGroupName')}"))
    tags = _tags(values)
    found = [Check(call.request.name, arn, tags)]
    if tags and call.request.operation == "CreateLogGroup":
        found.append(Check("logs:TagResource", arn, tags))
    return found


def _ecs(call: _Call) -> list[Check]:
    operation, values = call.request.operation, call.values
    arns = _ECS_RESOURCES[operation](call) if operation in _ECS_RESOURCES else []
    context = _tags(values)
    if "cluster" in values:
        context["ecs:cluster"] = call.arn(f"cluster/{_short(values['cluster'])}")
    found = [Check(call.request.name, arn, context) for arn in arns]
    if _tags(values) and operation not in ("TagResource", "UntagResource"):
        found += [Check("ecs:TagResource", arn, {**context, "ecs:CreateAction": operation}) for arn in arns]
    if operation in ("CreateCluster", "CreateService") and not has_ecs_role(
        call.account, call.request.region
    ):
        linked = call.iam("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
        found.append(
            Check("iam:CreateServiceLinkedRole", linked, {"iam:AWSServiceName": "ecs.amazonaws.com"})
        )
    if operation == "RegisterTaskDefinition":
        passed = {str(values[key]) for key in ("taskRoleArn", "executionRoleArn") if values.get(key)}
        to_tasks = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        found += [Check("iam:PassRole", arn, to_tasks) for arn in sorted(passed)]
    return found


def _short(name_or_arn: object) -> str:
    return str(name_or_arn).rpartition("/")[2]


def _service(call: _Call, name: object) -> str:
    return call.arn(f"service/{_short(call.values['cluster'])}/{_short(name)}")


def _revisions(call: _Call) -> list[str]:
    arns = [str(arn) for arn in call.values["serviceRevisionArns"]]
    services = {arn.replace(":service-revision/", ":service/").rpartition("/")[0] for arn in arns}
    return [*arns, *sorted(services)]


def _anything(_: _Call) -> list[str]:
    return ["*"]


_ECS_RESOURCES: Mapping[str, Callable[[_Call], list[str]]] = {
    "CreateCluster": lambda call: [call.arn(f"cluster/{call.values['clusterName']}")],
    "DescribeClusters": lambda call: [call.arn(f"cluster/{_short(it)}") for it in call.values["clusters"]],
    "PutClusterCapacityProviders": lambda call: [call.arn(f"cluster/{_short(call.values['cluster'])}")],
    "DeleteCluster": lambda call: [call.arn(f"cluster/{_short(call.values['cluster'])}")],
    "CreateService": lambda call: [_service(call, call.values["serviceName"])],
    "UpdateService": lambda call: [_service(call, call.values["service"])],
    "DeleteService": lambda call: [_service(call, call.values["service"])],
    "DescribeServices": lambda call: [_service(call, it) for it in call.values["services"]],
    "ListServiceDeployments": lambda call: [_service(call, call.values["service"])],
    "DescribeServiceRevisions": _revisions,
    "ListTasks": lambda call: [call.arn(f"container-instance/{_short(call.values['cluster'])}/*")],
    "DescribeTasks": lambda call: [
        call.arn(f"task/{_short(call.values['cluster'])}/{_short(it)}") for it in call.values["tasks"]
    ],
    "RegisterTaskDefinition": lambda call: [call.arn(f"task-definition/{call.values['family']}:*")],
    "DeleteTaskDefinitions": lambda call: [str(arn) for arn in call.values["taskDefinitions"]],
    "DeregisterTaskDefinition": _anything,
    "DescribeTaskDefinition": _anything,
    "ListTaskDefinitions": _anything,
    "TagResource": lambda call: [str(call.values["resourceArn"])],
    "UntagResource": lambda call: [str(call.values["resourceArn"])],
}


def _ec2(call: _Call) -> list[Check]:
    operation, values, action = call.request.operation, call.values, call.request.name
    if operation.startswith("Describe"):
        return [Check(action, "*")]
    if operation == "GetManagedPrefixListEntries":
        prefix_list = (
            f"arn:{call.partition}:ec2:{call.request.region}:aws:prefix-list/{values['PrefixListId']}"
        )
        return [Check(action, prefix_list)]
    tags = _tags(values)
    creating = {**tags, "ec2:CreateAction": operation}
    if operation == "CreateSecurityGroup":
        group = call.arn("security-group/*")
        vpc = call.arn(f"vpc/{values['VpcId']}")
        return [Check(action, vpc), Check(action, group, tags), Check("ec2:CreateTags", group, creating)]
    if "NetworkInsights" in operation:
        return _insights(call, tags, creating)
    if operation in ("CreateTags", "DeleteTags"):
        ids = [str(value) for name, value in values.items() if name.startswith("ResourceId.")]
        return [Check(action, arn, {**tags, **there}) for arn, there in (_known(call, it) for it in ids)]
    if "GroupId" not in values:
        return []
    arn, there = _known(call, str(values["GroupId"]))
    found = [Check(action, arn, there)]
    if tags:
        rule = call.arn("security-group-rule/*")
        found += [Check(action, rule, tags), Check("ec2:CreateTags", rule, creating)]
    return found


def _insights(call: _Call, tags: Context, creating: Context) -> list[Check]:
    """The analyzer looks at the network with the rights of who starts it."""
    operation, values, action = call.request.operation, call.values, call.request.name
    existing = values.get("NetworkInsightsAnalysisId") or values.get("NetworkInsightsPathId")
    found = [Check(action, *_known(call, str(existing)))] if existing else []
    if not tags:
        return found
    made = call.arn(
        "network-insights-path/*" if operation.startswith("Create") else "network-insights-analysis/*"
    )
    found += [Check(action, made, tags), Check("ec2:CreateTags", made, creating)]
    if operation.startswith("Start"):
        found += [Check(needed, "*") for needed in _OF_ANALYZER]
    return found


_OF_ANALYZER = (
    "tiros:CreateQuery",
    "tiros:GetQueryAnswer",
    "tiros:GetQueryExplanation",
    "ec2:DescribeSubnets",
)


def _known(call: _Call, identifier: str) -> tuple[str, Context]:
    kind, context = ec2_resource(call.account, call.request.region, identifier)
    return call.arn(f"{kind}/{identifier}"), context


_OF_SERVICE: Mapping[str, Callable[[_Call], list[Check]]] = {
    "ec2": _ec2,
    "ecs": _ecs,
    "iam": _iam,
    "logs": _logs,
    "rds": _rds,
    "servicequotas": lambda call: [Check(call.request.name, "*")],
    "sts": _sts,
}
