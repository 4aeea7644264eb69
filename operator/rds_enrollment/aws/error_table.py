"""Which failure of an AWS call ends a pass how: one table, first match wins.

Codes are those of the services' API references ("Common Errors" and each operation's "Errors"); where one
failure has a name per protocol (query, ec2, json), the row lists all of them.
"""

from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError

from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.error_row import Row
from rds_enrollment.plan.outcome import Blocked, Conflict, Terminal, Transient, Waiting


def _codes(names: str) -> frozenset[str]:
    return frozenset(names.split())


_GLOBAL = ("sts:*", "iam:*")
_OWN_ROLE = ("sts:AssumeRoleWith*",)
_ECS_WRITES = ("ecs:RegisterTaskDefinition", "ecs:CreateService", "ecs:UpdateService")
_REPLACE_CREDENTIALS = "Replace the operator's AWS credentials; they are read again at the next attempt."

CREDENTIAL_ROWS = (
    Row(
        Blocked,
        Reason.CREDENTIALS_MISSING,
        "Give the operator's ServiceAccount an IAM role (IRSA or EKS Pod Identity), or provide AWS_* "
        "environment variables or a shared credentials file; they are looked for again at the next attempt.",
        exceptions=(
            botocore.NoCredentialsError,
            botocore.PartialCredentialsError,
            botocore.ProfileNotFound,
            botocore.ConfigNotFound,
            botocore.CredentialRetrievalError,
            botocore.MetadataRetrievalError,
            botocore.UnknownCredentialError,
            # botocore wraps all failures of the network; a bare one is a credentials or token file
            FileNotFoundError,
            PermissionError,
        ),
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        "Correct the AWS configuration of the operator's environment.",
        exceptions=(botocore.ConfigParseError, botocore.InvalidConfigError),
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_EXPIRED,
        _REPLACE_CREDENTIALS,
        exceptions=(botocore.TokenRetrievalError, botocore.SSOError, botocore.LoginError),
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_EXPIRED,
        _REPLACE_CREDENTIALS,
        codes=_codes("ExpiredToken ExpiredTokenException TokenRefreshRequired"),
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        "Check the secret key, and the clock of the node: a request must be signed within 5 minutes of AWS's time.",
        codes=_codes(
            "SignatureDoesNotMatch InvalidSignatureException IncompleteSignature "
            "IncompleteSignatureException RequestExpired RequestTimeTooSkewed"
        ),
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        "Check the trust policy of the operator's own role and the ServiceAccount that it names.",
        codes=_codes("AccessDenied InvalidIdentityToken IDPRejectedClaim ValidationError"),
        operations=_OWN_ROLE,
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        "The file of AWS_WEB_IDENTITY_TOKEN_FILE holds no token.",
        exceptions=(botocore.ParamValidationError,),
        texts=("webidentitytoken",),
    ),
    Row(
        Transient,
        Reason.AWS_UNAVAILABLE,
        "AWS cannot reach the issuer of the operator's ServiceAccount token now.",
        codes=_codes("IDPCommunicationError"),
        operations=_OWN_ROLE,
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        _REPLACE_CREDENTIALS,
        codes=_codes("InvalidClientTokenId UnrecognizedClientException AuthFailure InvalidAccessKeyId"),
        operations=_GLOBAL,
    ),
    Row(
        Blocked,
        Reason.CREDENTIALS_INVALID,
        _REPLACE_CREDENTIALS,
        codes=_codes("MissingAuthenticationToken MissingAuthenticationTokenException"),
    ),
)

ACCESS_ROWS = (
    # STS and IAM prove the credentials before any region is asked, so here it is the region that refuses them.
    Row(
        Blocked,
        Reason.REGION_NOT_ENABLED,
        "Enable the region for the account (account:EnableRegion), or leave it out; if the region is enabled, "
        "the operator's credentials were just revoked.",
        codes=_codes(
            "InvalidClientTokenId UnrecognizedClientException AuthFailure OptInRequired "
            "SubscriptionRequiredException RegionDisabledException"
        ),
    ),
    Row(
        Blocked,
        Reason.ACCOUNT_BLOCKED,
        "AWS has blocked or suspended the account: let its owner contact AWS Support.",
        codes=_codes("Blocked BlockedException"),
    ),
    Row(
        Blocked,
        Reason.ACCESS_DENIED,
        "A policy denies {action} explicitly: change that policy for {target}.",
        codes=_codes("AccessDenied AccessDeniedException UnauthorizedOperation"),
        texts=("explicit deny",),
    ),
    Row(
        Blocked,
        Reason.ACCESS_DENIED,
        "Allow sts:AssumeRole on the role to the operator's IAM identity, and let the role's trust policy name that "
        "identity, with the external id of --assume-roles; with EKS Pod Identity for sts:TagSession, too.",
        codes=_codes("AccessDenied"),
        operations=("sts:AssumeRole",),
    ),
    Row(
        Blocked,
        Reason.ACCESS_DENIED,
        "Allow {action} on {target} in a policy of the operator's IAM identity.",
        codes=_codes("AccessDenied AccessDeniedException UnauthorizedOperation NotAuthorized"),
    ),
)

PROPAGATION_ROWS = (
    Row(
        Waiting,
        Reason.SERVICE_LINKED_ROLE_PROPAGATING,
        "AWS creates the role AWSServiceRoleForECS at the first use of ECS; if this lasts for minutes, create it "
        "(iam:CreateServiceLinkedRole for ecs.amazonaws.com).",
        codes=_codes("ClientException InvalidParameterException"),
        operations=("ecs:*",),
        texts=("service linked role", "service-linked role"),
        after=10.0,
    ),
    Row(
        Waiting,
        Reason.IAM_PROPAGATING,
        "A role made moments ago is not known everywhere yet; if this lasts for minutes, check that it exists and "
        "trusts ecs-tasks.amazonaws.com.",
        codes=_codes("ClientException InvalidParameterException"),
        operations=_ECS_WRITES,
        texts=(
            "unable to assume",
            "role is not valid",
            "role is invalid",
            "cannot be assumed",
            "trust relationship",
        ),
        after=10.0,
    ),
    Row(
        Waiting,
        Reason.IAM_PROPAGATING,
        "IAM is still busy with the last change to it.",
        codes=_codes("EntityTemporarilyUnmodifiable"),
        after=10.0,
    ),
    Row(
        Waiting,
        Reason.SERVICE_DRAINING,
        "A deleted service of this name still drains its tasks.",
        codes=_codes("InvalidParameterException"),
        operations=("ecs:CreateService",),
        texts=("still draining",),
        after=15.0,
    ),
    Row(
        Waiting,
        Reason.IN_PROGRESS,
        "ECS still works on the last change to it.",
        codes=_codes("UpdateInProgressException ResourceInUseException"),
        operations=("ecs:*",),
        after=10.0,
    ),
    Row(
        Waiting,
        Reason.IN_PROGRESS,
        "Its services and tasks have to stop first.",
        codes=_codes("ClusterContainsServicesException ClusterContainsTasksException"),
        after=15.0,
    ),
    Row(
        Waiting,
        Reason.IN_PROGRESS,
        "Network interfaces or rules of other groups still name it.",
        codes=_codes("DependencyViolation"),
        operations=("ec2:DeleteSecurityGroup",),
        after=15.0,
    ),
    Row(
        Waiting,
        Reason.IN_PROGRESS,
        "Its analyses have to go first.",
        codes=_codes("AnalysisExistsForNetworkInsightsPath"),
        after=5.0,
    ),
)

CONFLICT_ROWS = (
    Row(
        Conflict,
        Reason.CONFLICT,
        "It exists already.",
        codes=_codes(
            "EntityAlreadyExists ResourceAlreadyExistsException InvalidGroup.Duplicate "
            "InvalidPermission.Duplicate"
        ),
    ),
    Row(
        Conflict,
        Reason.CONFLICT,
        "It exists already.",
        codes=_codes("InvalidParameterException"),
        operations=("ecs:CreateService",),
        texts=("not idempotent",),
    ),
    Row(
        Conflict,
        Reason.CONFLICT,
        "Something else changed it at the same moment.",
        codes=_codes("ConcurrentModification ConcurrentModificationException ConflictException"),
    ),
    Row(
        Conflict,
        Reason.CONFLICT,
        "It, or what it belongs to, is gone.",
        codes=_codes(
            "NoSuchEntity ClusterNotFoundException ServiceNotFoundException ServiceNotActiveException "
            "ResourceNotFoundException InvalidGroup.NotFound"
        ),
    ),
    Row(
        Blocked,
        Reason.IN_USE,
        "Remove what others attached to it.",
        codes=_codes("DeleteConflict ClusterContainsContainerInstancesException"),
    ),
)

CAPACITY_ROWS = (
    Row(
        Blocked,
        Reason.AWS_LIMIT_EXCEEDED,
        "Raise the quota in Service Quotas, or remove what is not needed.",
        codes=_codes(
            "LimitExceeded LimitExceededException ServiceQuotaExceeded ServiceQuotaExceededException "
            "ResourceLimitExceeded SecurityGroupLimitExceeded RulesPerSecurityGroupLimitExceeded"
        ),
    ),
    Row(
        Transient,
        Reason.AWS_THROTTLED,
        "It is tried again more slowly.",
        codes=_codes(
            "Throttling ThrottlingException ThrottledException RequestThrottled "
            "RequestThrottledException RequestLimitExceeded TooManyRequestsException "
            "EC2ThrottledException 429"
        ),
    ),
    Row(
        Transient,
        Reason.AWS_UNAVAILABLE,
        "It is tried again.",
        codes=_codes(
            "ServiceUnavailable ServiceUnavailableException Unavailable InternalFailure InternalError "
            "InternalServerError InternalServiceError ServiceFailure ServerException RequestTimeout "
            "RequestTimeoutException"
        ),
    ),
    Row(
        Transient,
        Reason.AWS_UNAVAILABLE,
        "The certificate was not accepted: check AWS_CA_BUNDLE and proxies on the way.",
        exceptions=(botocore.SSLError,),
    ),
    Row(
        Transient,
        Reason.AWS_UNAVAILABLE,
        "Check the name of the region, AWS_ENDPOINT_URL, and the operator's way out (DNS, proxy, VPC endpoint).",
        exceptions=(
            botocore.EndpointConnectionError,
            botocore.ConnectTimeoutError,
            botocore.ProxyConnectionError,
        ),
    ),
    Row(
        Transient,
        Reason.AWS_UNAVAILABLE,
        "It is tried again.",
        exceptions=(
            botocore.HTTPClientError,
            botocore.ConnectionError,
            botocore.IncompleteReadError,
            botocore.PaginationError,
            botocore.CapacityNotAvailableError,
            ResponseParserError,
        ),
    ),
)

REFUSED_ROWS = (
    Row(
        Terminal,
        Reason.INVALID_SPEC,
        "Correct the region's name.",
        exceptions=(botocore.InvalidRegionError, botocore.UnknownRegionError, botocore.UnknownEndpointError),
    ),
    Row(
        Terminal,
        Reason.INVALID_SPEC,
        "Correct the value: the AWS API does not allow it.",
        exceptions=(botocore.ParamValidationError,),
    ),
    Row(
        Blocked,
        Reason.AWS_REQUEST_REFUSED,
        "Set AWS_ENDPOINT_URL to a whole URL, with its scheme.",
        exceptions=(botocore.InvalidEndpointConfigurationError,),
    ),
)

TABLE = CREDENTIAL_ROWS + ACCESS_ROWS + PROPAGATION_ROWS + CONFLICT_ROWS + CAPACITY_ROWS + REFUSED_ROWS
UNKNOWN_SERVER_ERROR = Row(Transient, Reason.AWS_UNAVAILABLE, "It is tried again.")
UNKNOWN_REFUSAL = Row(Blocked, Reason.AWS_REQUEST_REFUSED, "AWS's text says what to change.")
CREDENTIAL_REASONS = frozenset(
    {Reason.CREDENTIALS_MISSING, Reason.CREDENTIALS_EXPIRED, Reason.CREDENTIALS_INVALID}
)


def row_of_answer(operation: str, code: str, text: str, status: int) -> Row:
    """The row of an error that AWS answered, with HTTP `status`."""
    for row in TABLE:
        if row.matches_answer(operation, code, text):
            return row
    return UNKNOWN_SERVER_ERROR if status >= 500 else UNKNOWN_REFUSAL


def row_of_exception(error: Exception) -> Row | None:
    """The row of a call without an answer; None for what only a bug can cause."""
    return next((row for row in TABLE if row.matches_exception(error)), None)
