"""What an AWS request says about itself, and error bodies as each AWS protocol words them.

Sources: SigV4 `Authorization` header (credential scope), `X-Amz-Target` of the JSON protocols, the `Action`
form field of the query and EC2 protocols.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from hack.sandbox.gate import Fault

_SCOPE = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/[^/,\s]+/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
)

READ_PREFIXES = ("Describe", "Get", "List", "BatchGet", "Filter", "Lookup", "Search", "Simulate")
READ_SERVICES = ("sts",)

# The first of these that a request carries names its target. Most specific first.
_TARGET_KEYS = (
    "serviceName",
    "service",
    "PolicyName",
    "family",
    "taskDefinition",
    "taskDefinitions",
    "task",
    "logStreamName",
    "logGroupName",
    "clusterName",
    "resourceArn",
    "cluster",
    "RoleName",
    "OpenIDConnectProviderArn",
    "Url",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "DBSubnetGroupName",
    "ResourceName",
    "NetworkInsightsAnalysisId",
    "NetworkInsightsPathId",
    "GroupId",
    "GroupName",
    "ResourceId.1",
    "SubnetId",
    "VpcId",
    "CidrBlock",
)


@dataclass(frozen=True)
class AwsRequest:
    """One AWS call as it arrived. `parameters` are the top-level JSON members or form fields."""

    service: str
    operation: str
    region: str
    access_key: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`service:Operation`, with the service's signing name."""
        return f"{self.service}:{self.operation}"

    @property
    def is_write(self) -> bool:
        """By name: `READ_PREFIXES` and everything of `READ_SERVICES` are reads, the rest are writes."""
        return self.service not in READ_SERVICES and not self.operation.startswith(READ_PREFIXES)

    @property
    def target(self) -> str:
        """Name of what the call is about, or empty; an inline policy is named with its role."""
        for key in _TARGET_KEYS:
            value = self.parameters.get(key)
            if not value:
                continue
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            return f"{self.parameters['RoleName']}/{text}" if key == "PolicyName" else text
        return ""


def parse_request(headers: Mapping[str, str], body: bytes) -> AwsRequest | None:
    """The call in a request, or None when it is not one (no operation named).

    `headers` are WSGI environ keys (`HTTP_AUTHORIZATION`, `HTTP_X_AMZ_TARGET`, `CONTENT_TYPE`).
    """
    scope = _SCOPE.search(headers.get("HTTP_AUTHORIZATION", ""))
    parameters = _parameters(headers.get("CONTENT_TYPE", ""), body)
    target = headers.get("HTTP_X_AMZ_TARGET", "")
    operation = target.rsplit(".", 1)[-1] if target else str(parameters.get("Action", ""))
    if not operation:
        return None
    if scope is None:
        # Web-identity calls carry a token instead of a signature.
        return AwsRequest("sts", operation, "us-east-1", "", parameters)
    return AwsRequest(scope["service"], operation, scope["region"], scope["key"], parameters)


def _parameters(content_type: str, body: bytes) -> dict[str, Any]:
    text = body.decode("utf-8", "replace")
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(text, keep_blank_values=True))
    if "json" not in content_type or not text:
        return {}
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class Reply:
    """A whole HTTP answer."""

    status: int
    content_type: str
    body: bytes


_QUERY_SERVICES = ("iam", "rds", "sts")


def error_reply(service: str, code: str, message: str, status: int) -> Reply:
    """An AWS error in the shape that the service's protocol gives it (query, ec2 or json)."""
    if service == "ec2":
        xml = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
            f"<RequestID>{uuid4()}</RequestID></Response>"
        )
        return Reply(status, "text/xml", xml.encode())
    if service in _QUERY_SERVICES:
        fault = "Sender" if status < 500 else "Receiver"
        xml = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>{uuid4()}</RequestId></ErrorResponse>"
        )
        return Reply(status, "text/xml", xml.encode())
    document = json.dumps({"__type": code, "message": message})
    return Reply(status, "application/x-amz-json-1.1", document.encode())


def unknown_operation(request: AwsRequest) -> Reply:
    """What AWS says to an operation that the service does not have."""
    if request.service == "ec2" or request.service in _QUERY_SERVICES:
        message = f"The action {request.operation} is not valid for this web service."
        return error_reply(request.service, "InvalidAction", message, 400)
    message = f"The operation {request.operation} does not exist in this sandbox."
    return error_reply(request.service, "UnknownOperationException", message, 400)


_EC2_FAULTS = {
    Fault.THROTTLED: ("RequestLimitExceeded", 503),
    Fault.UNAVAILABLE: ("Unavailable", 503),
    Fault.DENIED: ("UnauthorizedOperation", 403),
}
_QUERY_FAULTS = {
    Fault.THROTTLED: ("Throttling", 400),
    Fault.UNAVAILABLE: ("ServiceUnavailable", 503),
    Fault.DENIED: ("AccessDenied", 403),
    Fault.CONFLICT: ("ConcurrentModification", 409),
}
_JSON_FAULTS = {
    Fault.THROTTLED: ("ThrottlingException", 400),
    Fault.UNAVAILABLE: ("ServiceUnavailable", 503),
    Fault.DENIED: ("AccessDeniedException", 400),
}


def fault_reply(request: AwsRequest, fault: Fault) -> Reply:
    """A fault as the service's protocol words it (AWS, "Common Error Types" of each API reference; EC2's "Error
    codes"). Raises KeyError for one that the service does not have."""
    faults = _JSON_FAULTS
    if request.service == "ec2":
        faults = _EC2_FAULTS
    elif request.service in _QUERY_SERVICES:
        faults = _QUERY_FAULTS
    code, status = faults[fault]
    message = (
        f"User is not authorized to perform: {request.name}" if fault is Fault.DENIED else f"It is {fault}."
    )
    return error_reply(request.service, code, message, status)
