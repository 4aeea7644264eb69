"""Refusals that AWS may answer with, and how each must end a pass: written by hand, not taken from the table."""

from collections.abc import Callable
from typing import NamedTuple

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws import ec2, ecs, iam, rds, sts
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient, Waiting
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps import security_groups as group_steps
from rds_enrollment.plan.steps.insights import DeleteNetworkInsightsPath

from tests.unit.aws.conftest import REGION

READY = ConditionType.SERVICE_DEPLOYED
Call = Callable[[AwsAccount], object]


def get_role(account: AwsAccount) -> object:
    return iam.get_role(account, "operator-made")


def caller(account: AwsAccount) -> object:
    return sts.get_caller_identity(account, "the operator's AWS credentials")


def subnets(account: AwsAccount) -> object:
    return ec2.get_subnets(account, REGION, ["subnet-1"])


def cluster(account: AwsAccount) -> object:
    return ecs.get_cluster(account, REGION, "example_com-teleport")


def create_role(account: AwsAccount) -> None:
    apply(account, iam_steps.CreateRole(condition=READY, role="r", description="", trust={}, tags={}))


def delete_role(account: AwsAccount) -> None:
    apply(account, iam_steps.DeleteRole(condition=READY, role="r"))


def tag_role(account: AwsAccount) -> None:
    apply(account, iam_steps.TagRole(condition=READY, role="r", tags={}))


def create_cluster(account: AwsAccount) -> None:
    apply(
        account,
        ecs_steps.CreateCluster(condition=READY, region=REGION, cluster="c", capacity_providers=(), tags={}),
    )


def delete_cluster(account: AwsAccount) -> None:
    apply(account, ecs_steps.DeleteCluster(condition=READY, region=REGION, cluster="c"))


def register(account: AwsAccount) -> None:
    body = {"family": "f", "containerDefinitions": []}
    apply(
        account,
        ecs_steps.RegisterTaskDefinition(condition=READY, region=REGION, family="f", body=body, tags={}),
    )


SHAPE = ecs_steps.ServiceShape(
    desired_count=2,
    task_definition_arn="f:1",
    network=Network(frozenset({"subnet-1"}), frozenset(), False),
    minimum_healthy_percent=100,
    maximum_percent=200,
    circuit_breaker=True,
    circuit_breaker_rollback=True,
    availability_zone_rebalancing=True,
    propagate_tags="SERVICE",
    execute_command=False,
)


def create_service(account: AwsAccount) -> None:
    step = ecs_steps.CreateService(
        condition=READY, region=REGION, cluster="c", service="s", shape=SHAPE, tags={}
    )
    apply(account, step)


def update_service(account: AwsAccount) -> None:
    apply(
        account,
        ecs_steps.UpdateService(condition=READY, region=REGION, cluster="c", service="s", shape=SHAPE),
    )


def create_group(account: AwsAccount) -> None:
    step = group_steps.CreateSecurityGroup(
        condition=READY, region=REGION, vpc_id="vpc-1", group_name="g", description="d", tags={}
    )
    apply(account, step)


def authorize(account: AwsAccount) -> None:
    apply(account, group_steps.AuthorizeSecurityGroupEgress(condition=READY, region=REGION, group="sg-1"))


def delete_group(account: AwsAccount) -> None:
    apply(account, group_steps.DeleteSecurityGroup(condition=READY, region=REGION, group="sg-1"))


def delete_path(account: AwsAccount) -> None:
    apply(account, DeleteNetworkInsightsPath(condition=READY, region=REGION, path="nip-1"))


class Case(NamedTuple):
    """AWS answers `call` with one of `codes`; the pass ends so."""

    call: Call
    codes: str
    outcome: type[Outcome]
    reason: Reason
    text: str = "AWS says no."
    status: int = 400


ANSWERS = [
    # credentials
    Case(caller, "ExpiredToken", Blocked, Reason.CREDENTIALS_EXPIRED, status=403),
    Case(subnets, "ExpiredToken TokenRefreshRequired", Blocked, Reason.CREDENTIALS_EXPIRED),
    Case(cluster, "ExpiredTokenException", Blocked, Reason.CREDENTIALS_EXPIRED),
    Case(
        caller, "SignatureDoesNotMatch IncompleteSignature", Blocked, Reason.CREDENTIALS_INVALID, status=403
    ),
    Case(subnets, "RequestExpired RequestTimeTooSkewed", Blocked, Reason.CREDENTIALS_INVALID),
    Case(
        cluster,
        "InvalidSignatureException IncompleteSignatureException",
        Blocked,
        Reason.CREDENTIALS_INVALID,
    ),
    Case(
        caller,
        "InvalidClientTokenId UnrecognizedClientException AuthFailure InvalidAccessKeyId",
        Blocked,
        Reason.CREDENTIALS_INVALID,
        status=403,
    ),
    Case(get_role, "InvalidClientTokenId", Blocked, Reason.CREDENTIALS_INVALID, status=403),
    Case(
        cluster,
        "MissingAuthenticationToken MissingAuthenticationTokenException",
        Blocked,
        Reason.CREDENTIALS_INVALID,
    ),
    # access
    Case(
        cluster,
        "UnrecognizedClientException OptInRequired SubscriptionRequiredException RegionDisabledException",
        Blocked,
        Reason.REGION_NOT_ENABLED,
    ),
    Case(subnets, "AuthFailure", Blocked, Reason.REGION_NOT_ENABLED, status=401),
    Case(
        lambda account: rds.inventory(account, REGION),
        "InvalidClientTokenId",
        Blocked,
        Reason.REGION_NOT_ENABLED,
        status=403,
    ),
    Case(cluster, "BlockedException", Blocked, Reason.ACCOUNT_BLOCKED),
    Case(subnets, "Blocked", Blocked, Reason.ACCOUNT_BLOCKED, status=403),
    Case(create_role, "MalformedPolicyDocument", Blocked, Reason.AWS_REQUEST_REFUSED),
    Case(get_role, "AccessDenied NotAuthorized", Blocked, Reason.ACCESS_DENIED, status=403),
    Case(subnets, "UnauthorizedOperation", Blocked, Reason.ACCESS_DENIED, status=403),
    Case(cluster, "AccessDeniedException", Blocked, Reason.ACCESS_DENIED),
    # what takes time
    Case(
        create_cluster,
        "InvalidParameterException ClientException",
        Waiting,
        Reason.SERVICE_LINKED_ROLE_PROPAGATING,
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
    ),
    Case(register, "ClientException", Waiting, Reason.IAM_PROPAGATING, "Role is not valid"),
    Case(
        create_service,
        "InvalidParameterException",
        Waiting,
        Reason.IAM_PROPAGATING,
        "Unable to assume role and validate the listeners. Please verify the role being passed.",
    ),
    Case(tag_role, "EntityTemporarilyUnmodifiable", Waiting, Reason.IAM_PROPAGATING, status=409),
    Case(
        create_service,
        "InvalidParameterException",
        Waiting,
        Reason.SERVICE_DRAINING,
        "Unable to Start a service that is still Draining.",
    ),
    Case(update_service, "UpdateInProgressException ResourceInUseException", Waiting, Reason.IN_PROGRESS),
    Case(
        delete_cluster,
        "ClusterContainsServicesException ClusterContainsTasksException",
        Waiting,
        Reason.IN_PROGRESS,
    ),
    Case(delete_path, "AnalysisExistsForNetworkInsightsPath", Waiting, Reason.IN_PROGRESS),
    # conflicts
    Case(delete_group, "DependencyViolation", Waiting, Reason.IN_PROGRESS),
    Case(create_group, "InvalidGroup.Duplicate", Conflict, Reason.CONFLICT),
    Case(authorize, "InvalidPermission.Duplicate InvalidGroup.NotFound", Conflict, Reason.CONFLICT),
    Case(create_role, "EntityAlreadyExists", Conflict, Reason.CONFLICT, status=409),
    Case(create_cluster, "ResourceAlreadyExistsException", Conflict, Reason.CONFLICT),
    Case(
        create_service,
        "InvalidParameterException",
        Conflict,
        Reason.CONFLICT,
        "Creation of service was not idempotent.",
    ),
    Case(tag_role, "ConcurrentModification NoSuchEntity", Conflict, Reason.CONFLICT, status=409),
    Case(update_service, "ConcurrentModificationException ConflictException", Conflict, Reason.CONFLICT),
    Case(
        update_service,
        "ClusterNotFoundException ServiceNotFoundException ServiceNotActiveException ResourceNotFoundException",
        Conflict,
        Reason.CONFLICT,
    ),
    Case(delete_role, "DeleteConflict", Blocked, Reason.IN_USE, status=409),
    Case(delete_cluster, "ClusterContainsContainerInstancesException", Blocked, Reason.IN_USE),
    # capacity
    Case(create_role, "LimitExceeded ServiceQuotaExceeded", Blocked, Reason.AWS_LIMIT_EXCEEDED, status=409),
    Case(subnets, "ResourceLimitExceeded", Blocked, Reason.AWS_LIMIT_EXCEEDED),
    Case(create_group, "SecurityGroupLimitExceeded", Blocked, Reason.AWS_LIMIT_EXCEEDED),
    Case(authorize, "RulesPerSecurityGroupLimitExceeded", Blocked, Reason.AWS_LIMIT_EXCEEDED),
    Case(
        create_service,
        "LimitExceededException ServiceQuotaExceededException",
        Blocked,
        Reason.AWS_LIMIT_EXCEEDED,
    ),
    Case(get_role, "Throttling RequestThrottled 429", Transient, Reason.AWS_THROTTLED),
    Case(subnets, "RequestLimitExceeded EC2ThrottledException", Transient, Reason.AWS_THROTTLED, status=503),
    Case(
        cluster,
        "ThrottlingException ThrottledException RequestThrottledException TooManyRequestsException",
        Transient,
        Reason.AWS_THROTTLED,
    ),
    Case(
        get_role,
        "ServiceFailure ServiceUnavailable InternalFailure RequestTimeout",
        Transient,
        Reason.AWS_UNAVAILABLE,
        status=500,
    ),
    Case(subnets, "InternalError Unavailable", Transient, Reason.AWS_UNAVAILABLE, status=503),
    Case(
        cluster,
        "ServerException ServiceUnavailableException InternalServerError InternalServiceError "
        "RequestTimeoutException",
        Transient,
        Reason.AWS_UNAVAILABLE,
    ),
    # what the table does not know
    Case(cluster, "NeverHeardOf", Transient, Reason.AWS_UNAVAILABLE, status=502),
    Case(cluster, "ClientException InvalidParameterException", Blocked, Reason.AWS_REQUEST_REFUSED),
    Case(get_role, "NeverHeardOf", Blocked, Reason.AWS_REQUEST_REFUSED, status=404),
]
OWN_ROLE_ANSWERS = {
    "AccessDenied": (Blocked, Reason.CREDENTIALS_INVALID),
    "InvalidIdentityToken": (Blocked, Reason.CREDENTIALS_INVALID),
    "IDPRejectedClaim": (Blocked, Reason.CREDENTIALS_INVALID),
    "ValidationError": (Blocked, Reason.CREDENTIALS_INVALID),
    "ExpiredTokenException": (Blocked, Reason.CREDENTIALS_EXPIRED),
    "IDPCommunicationError": (Transient, Reason.AWS_UNAVAILABLE),
}
"""Answers to sts:AssumeRoleWithWebIdentity, which botocore calls in the middle of any other call."""
