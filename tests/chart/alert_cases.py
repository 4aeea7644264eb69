"""For each alert a fault in series: when it does not fire yet, and when it does. Minutes; promtool's notation."""

from dataclasses import dataclass, field

_NAME = "enroller-rds-enrollment-operator"
JOB = f'{{job="{_NAME}"}}'
_OBJECT = {"kind": "RdsEnrollment", "namespace": "team", "name": "prod"}


@dataclass(frozen=True)
class Case:
    """`series` in promtool's notation by name. The alert fires at `fires_at` with `labels`, and not at `quiet_at`."""

    alert: str
    series: dict[str, str]
    quiet_at: int
    fires_at: int
    labels: dict[str, str] = field(default_factory=dict)


def series(metric: str, **labels: str) -> str:
    """A series as Prometheus stores it after the scrape."""
    pairs = ", ".join(f'{name}="{value}"' for name, value in {"job": _NAME, **labels}.items())
    return f"{metric}{{{pairs}}}"


def condition(type_: str, status: str, reason: str, values: str) -> dict[str, str]:
    """One condition of the object."""
    name = series("rds_enrollment_resource_condition", **_OBJECT, type=type_, status=status, reason=reason)
    return {name: values}


CASES = [
    Case(
        "RdsEnrollmentOperatorDown",
        {series("rds_enrollment_build_info", version="1"): "1x10 stale _x30"},
        14,
        20,
        {"job": _NAME},
    ),
    Case(
        "RdsEnrollmentNoLeader",
        {
            series("leader_election_master_status", name="lease", pod="a"): "1x5 0x30",
            series("leader_election_master_status", name="lease", pod="b"): "0x35",
        },
        8,
        15,
    ),
    Case(
        "RdsEnrollmentLeaseFlapping",
        {series("leader_election_master_status", name="lease", pod="a"): "1 0 1 0 1 0 1 0 1x40"},
        7,
        20,
    ),
    Case(
        "RdsEnrollmentReconcileErrors",
        {
            series("controller_runtime_reconcile_errors_total", controller="rdsenrollment"): "0x30 1+1x60",
            series(
                "controller_runtime_reconcile_total", controller="rdsenrollment", result="success"
            ): "0+1x90",
            series(
                "controller_runtime_reconcile_total", controller="rdsenrollment", result="error"
            ): "0x30 3+3x60",
        }
        | {
            series(
                "controller_runtime_reconcile_errors_total", controller="awsoidcintegration"
            ): "0+1x30 31+3x60",
            series("controller_runtime_reconcile_total", controller="awsoidcintegration", result="error"): (
                "0+1x30 31+3x60"
            ),
            series("controller_runtime_reconcile_total", controller="awsoidcintegration", result="success"): (
                "0+4x30 124x60"
            ),
        },
        40,
        80,
        {"controller": "awsoidcintegration"},
    ),
    Case(
        "RdsEnrollmentBug",
        {series("controller_runtime_reconcile_panics_total", controller="rdsenrollment"): "0x5 1x20"},
        4,
        8,
        {"controller": "rdsenrollment"},
    ),
    Case(
        "RdsEnrollmentNotReady",
        # Its reason changes on the way: the alert is about the object all the same.
        condition("Ready", "False", "AccessDenied", "1x20 stale _x40")
        | condition("Ready", "Unknown", "AwsThrottled", "_x20 1x40"),
        29,
        35,
        _OBJECT,
    ),
    Case(
        "RdsEnrollmentStalled",
        condition("Stalled", "True", "InvalidSpec", "1x20"),
        4,
        8,
        {**_OBJECT, "reason": "InvalidSpec"},
    ),
    Case(
        "RdsEnrollmentDeletionStuck",
        {series("rds_enrollment_resource_deletion_timestamp_seconds", **_OBJECT): "0x60"},
        30,
        31,
        _OBJECT,
    ),
    Case(
        "RdsEnrollmentAwsThrottled",
        {
            series(
                "aws_api_requests_total",
                controller="rdsenrollment",
                service="rds",
                region="eu-west-1",
                operation="DescribeDBInstances",
                status_code="400",
                error_code="ThrottlingException",
            ): "0+1x40"
        },
        9,
        20,
        {"service": "rds", "region": "eu-west-1"},
    ),
    Case(
        "RdsEnrollmentAwsAccessDenied",
        {
            series(
                "aws_api_requests_total",
                controller="databaseservicedeployment",
                service="ec2",
                region="eu-west-1",
                operation="DescribeSubnets",
                status_code="403",
                error_code="UnauthorizedOperation",
            ): "0+1x40"
        },
        9,
        20,
        {"controller": "databaseservicedeployment", "service": "ec2", "operation": "DescribeSubnets"},
    ),
    Case(
        "RdsEnrollmentCredentialsRefused",
        condition("CredentialsValid", "False", "CredentialsExpired", "1x20"),
        9,
        12,
        {**_OBJECT, "reason": "CredentialsExpired"},
    ),
    Case(
        "RdsEnrollmentCredentialsExpiring",
        {series("rds_enrollment_teleport_identity_expiry_seconds"): "3600-60x60"},
        44,
        50,
        {},
    ),
    Case(
        "RdsEnrollmentDatabasesUnreachable",
        condition("DatabasesReachable", "False", "Unreachable", "1x30"),
        14,
        18,
        {"namespace": "team", "name": "prod"},
    ),
    Case(
        "RdsEnrollmentWatchStale",
        # The liveness probe ends the process, and the next one owes nothing.
        {series("rds_enrollment_watch_undelivered_seconds"): "0x5 30 90 0x20"},
        6,
        10,
    ),
    Case(
        "RdsEnrollmentTeleportNotFollowed",
        {
            series("rds_enrollment_teleport_stream_live", pod="a"): "0x40",
            series("leader_election_master_status", name="lease", pod="a"): "1x40",
        },
        14,
        18,
    ),
    Case(
        "RdsEnrollmentAgentVersionSkew",
        {series("rds_enrollment_agent_version_skew", namespace="team", name="agents"): "2x90"},
        59,
        65,
        {"namespace": "team", "name": "agents"},
    ),
]
