"""What ECS says, as AWS documents it or as public reports quote it: each text has one cause."""

import pytest
from rds_enrollment.api.reasons import DIAGNOSES, Reason
from rds_enrollment.plan.diagnosis.advice import ADVICE
from rds_enrollment.plan.diagnosis.ecs_texts import SERVICE, STOPPED
from rds_enrollment.plan.diagnosis.rules import classify

REF = "failed to resolve ref public.ecr.aws/gravitational/teleport-distroless:18.0.0"
PULL = f"CannotPullContainerError: pull image manifest has been retried 5 time(s): {REF}"
ROLE = (
    "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/agents' "
    "that was provided for this task. Please verify that the role being passed has the proper trust relationship and "
    "permissions and that your IAM user has permissions to pass this role.)."
)
LOGGER = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
)
INTERFACE = "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0a': "

STOPPED_TEXTS = [
    (
        (f'{PULL}: failed to do request: Head "https://x/v2/": dial tcp 1.2.3.4:443: i/o timeout'),
        "ImageRegistryUnreachable",
    ),
    (
        (
            "CannotPullContainerError: API error (500): Get "
            "https://1.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http: request canceled while waiting "
            "for connection"
        ),
        "ImageRegistryUnreachable",
    ),
    (("CannotPullContainerError: Context canceled"), "ImageRegistryUnreachable"),
    (
        (
            "CannotPullContainerError: The task cannot pull 'agents' from the Amazon ECR repository "
            "'agents'. There is a connection issue between the task and Amazon ECR. Check your task "
            "network configuration."
        ),
        "ImageRegistryUnreachable",
    ),
    ((f"{PULL}: public.ecr.aws/gravitational/teleport-distroless:18.0.0: not found"), "ImageNotFound"),
    (
        (
            "CannotPullContainerError: API error (404): repository "
            "1.dkr.ecr.us-east-1.amazonaws.com/a/b not found"
        ),
        "ImageNotFound",
    ),
    ((f"{PULL}: manifest unknown: manifest unknown"), "ImageNotFound"),
    (
        (
            "CannotPullContainerError: pull access denied for agents, repository does not exist or may "
            "require 'docker login'"
        ),
        "ImagePullDenied",
    ),
    ((f"{PULL}: unexpected status code 403 Forbidden"), "ImagePullDenied"),
    (
        (f"{PULL}: failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized"),
        "ImagePullDenied",
    ),
    (
        (
            "CannotPullContainerError: The task can\N{RIGHT SINGLE QUOTATION MARK}t pull the image. "
            "Check that the role has the permissions to pull images from the registry."
        ),
        "ImagePullDenied",
    ),
    (
        (
            f"{PULL}: 429 Too Many Requests - Server message: toomanyrequests: You have reached your "
            "pull rate limit."
        ),
        "ImagePullThrottled",
    ),
    (
        (
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: "
            "httpReaderSeeker: failed open: unexpected status code"
        ),
        "ImagePullFailed",
    ),
    (
        (
            f"{LOGGER}failed to create Cloudwatch log stream: ResourceNotFoundException: The specified "
            "log group does not exist. : exit status 1"
        ),
        "LogGroupNotFound",
    ),
    (
        (
            f"{LOGGER}failed to create Cloudwatch log group: AccessDeniedException: User: "
            "arn:aws:sts::1:assumed-role/a/b is not authorized to perform: logs:CreateLogGroup on "
            "resource: x"
        ),
        "LogsDenied",
    ),
    (
        (
            f"{LOGGER}failed to create Cloudwatch log stream: RequestError: send request failed caused "
            'by: Post "https://logs.us-west-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout'
        ),
        "LogsUnreachable",
    ),
    (
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 "
            "time(s): AccessDeniedException"
        ),
        "PullSecretUnavailable",
    ),
    (
        (
            "ResourceInitializationError: failed to configure ENI: failed to setup regular eni: "
            "netplugin failed with no error message"
        ),
        "TaskInitializationFailed",
    ),
    (
        ("Essential container in task exited OutOfMemoryError: Container killed due to memory usage"),
        "OutOfMemory",
    ),
    (("Essential container in task exited"), "AgentExited"),
    (("Task failed container health checks"), "AgentUnhealthy"),
    ((f"{INTERFACE}InsufficientFreeAddressesInSubnet"), "NoFreeAddresses"),
    ((f"{INTERFACE}NetworkInterfaceLimitExceeded"), "NetworkInterfaceLimit"),
    ((f"{INTERFACE}InvalidSubnetID.NotFound"), "SubnetsNotFound"),
    ((f"{INTERFACE}InvalidSecurityGroupID.NotFound"), "SecurityGroupsNotFound"),
    (
        ("Capacity is unavailable at this time. Please try again later or in a different availability zone"),
        "CapacityUnavailable",
    ),
    (("Task stopped by (arn:aws:iam::123456789012:user/somebody)"), None),
    (("Host EC2 (instance i-1) terminated."), None),
]
PLACE = "(service agents) was unable to place a task. Reason: "
SERVICE_TEXTS = [
    ((f"(service agents) {ROLE}"), "TaskRoleNotAssumable"),
    (
        (f"{PLACE}You've reached the limit on the number of vCPUs you can run concurrently"),
        "VcpuQuotaExceeded",
    ),
    (
        (
            f"{PLACE}You\N{RIGHT SINGLE QUOTATION MARK}ve reached the limit on the number of vCPUs you "
            "can run concurrently"
        ),
        "VcpuQuotaExceeded",
    ),
    (
        (f"{PLACE}You've reached the limit on the number of tasks you can run concurrently"),
        "VcpuQuotaExceeded",
    ),
    ((f"{PLACE}The requested CPU configuration is above your limit."), "VcpuQuotaExceeded"),
    ((f"{PLACE}The requested MEMORY configuration is above your limit."), "VcpuQuotaExceeded"),
    (
        (
            f"{PLACE}Capacity is unavailable at this time. Please try again later or in a different "
            "availability zone."
        ),
        "CapacityUnavailable",
    ),
    ((f"{PLACE}Internal error."), "TaskNotPlaced"),
    ((f"{PLACE}The subnet ID 'subnet-0a' does not exist."), "SubnetsNotFound"),
    ((f"{PLACE}The security group 'sg-0a' does not exist."), "SecurityGroupsNotFound"),
    ((f"{PLACE}subnet subnet-0a has no free address."), "NoFreeAddresses"),
    (("(service agents) has reached a steady state."), None),
    (("(service agents) is unable to consistently start tasks successfully."), None),
    (("(service agents) deployment failed: tasks failed to start."), None),
    (("(service agents) operations are being throttled. Will try again later."), None),
]


@pytest.mark.parametrize(("text", "reason"), STOPPED_TEXTS)
def test_a_stopped_task_has_a_cause(text: str, reason: str | None) -> None:
    assert classify(STOPPED, text) == reason


@pytest.mark.parametrize(("text", "reason"), SERVICE_TEXTS)
def test_a_service_that_starts_nothing_has_a_cause(text: str, reason: str | None) -> None:
    assert classify(SERVICE, text) == reason


def test_each_rule_can_be_the_one_that_matches() -> None:
    """A rule behind a broader one would be dead."""
    found = {classify(STOPPED, text) for text, _ in STOPPED_TEXTS}
    found |= {classify(SERVICE, text) for text, _ in SERVICE_TEXTS}
    lacking = {rule.reason for rule in (*STOPPED, *SERVICE)} - found - {Reason.TASK_ROLE_NOT_ASSUMABLE}
    assert lacking == set()


def test_each_cause_has_advice_and_nothing_else_has() -> None:
    assert ADVICE.keys() == DIAGNOSES
