"""The models read what users write, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import (
    ANNOTATION_PAUSED,
    ANNOTATION_RECONCILE,
    API_VERSION,
    GROUP,
    VERSION,
    seconds,
)
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeployment
from rds_enrollment.api.databases import Endpoint
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.api.rds_enrollment import RdsEnrollment

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def example(name: str) -> dict[str, Any]:
    manifest: dict[str, Any] = yaml.safe_load((EXAMPLES / name).read_text())
    return manifest


def deployment(**spec: Any) -> DatabaseServiceDeployment:
    wanted = {
        "integrationRef": {"name": "prod-aws"},
        "region": "us-west-1",
        "vpcId": "vpc-0123456789abcdef0",
        "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
        "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
    }
    return DatabaseServiceDeployment.model_validate(
        {"metadata": {"name": "one", "namespace": "teleport"}, "spec": wanted | spec}
    )


def test_api_version_is_group_and_version() -> None:
    assert f"{GROUP}/{VERSION}" == API_VERSION


def test_examples_parse() -> None:
    files = [path.name for path in sorted(EXAMPLES.glob("*.yaml"))]
    kinds = {example(name)["kind"] for name in files}
    assert {"AwsOidcIntegration", "RdsEnrollment"} <= kinds
    for name in files:
        manifest = example(name)
        if manifest["kind"] in KINDS:
            KINDS[manifest["kind"]].model.model_validate(manifest)


def test_defaults_of_an_enrollment() -> None:
    enrollment = RdsEnrollment.model_validate(example("20-enrollment.yaml"))
    assert enrollment.spec.endpoints == (Endpoint.PRIMARY,)
    assert enrollment.spec.resync_seconds == 600
    assert enrollment.spec.deployment is not None
    assert enrollment.spec.deployment.replicas is None
    assert enrollment.spec.deployment.max_deployments == 10
    assert enrollment.spec.databases.all is not None
    assert enrollment.spec.databases.identifiers is None


def test_integration_is_named_after_the_object_unless_told() -> None:
    manifest = example("10-integration.yaml")
    assert AwsOidcIntegration.model_validate(manifest).integration_name == "prod-aws"
    manifest["spec"]["integrationName"] = "other"
    assert AwsOidcIntegration.model_validate(manifest).integration_name == "other"


def test_task_role_is_named_after_the_vpc_unless_told() -> None:
    assert deployment().task_role.name == "TeleportDatabaseAccess-vpc-0123456789abcdef0"
    assert deployment(taskRole={"name": "shared"}).task_role.name == "shared"


def test_unknown_spec_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="deletion"):
        deployment(deletion="Retain")


def test_unknown_status_field_is_dropped() -> None:
    """Another release may have written it."""
    manifest = example("10-integration.yaml") | {
        "status": {"fromTheFuture": 1, "roleArn": "arn:aws:iam::1:role/x"}
    }
    status = AwsOidcIntegration.model_validate(manifest).status
    assert status.model_dump(exclude_defaults=True) == {"roleArn": "arn:aws:iam::1:role/x"}


@pytest.mark.parametrize(("value", "paused"), [("true", True), ("false", False), ("", False)])
def test_paused_by_annotation(value: str, paused: bool) -> None:
    manifest = example("10-integration.yaml")
    assert not AwsOidcIntegration.model_validate(manifest).paused
    manifest["metadata"]["annotations"] = {ANNOTATION_PAUSED: value}
    assert AwsOidcIntegration.model_validate(manifest).paused is paused


def test_reconcile_request_fits_its_echo() -> None:
    manifest = example("10-integration.yaml")
    assert AwsOidcIntegration.model_validate(manifest).reconcile_requested_at is None
    manifest["metadata"]["annotations"] = {ANNOTATION_RECONCILE: "x" * 5000}
    requested = AwsOidcIntegration.model_validate(manifest).reconcile_requested_at
    manifest["status"] = {"lastHandledReconcileAt": requested}
    assert AwsOidcIntegration.model_validate(manifest).status.last_handled_reconcile_at == requested


@pytest.mark.parametrize(("text", "expected"), [("10s", 10), ("10m", 600), ("24h", 86400), ("1h1m1s", 3661)])
def test_seconds(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "m", "1d", "1m1h", "-5m", "1.5h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


@given(st.integers(0, 99), st.integers(0, 9999), st.integers(0, 99999))
def test_seconds_adds_up(hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{hours}h{minutes}m{rest}s") == hours * 3600 + minutes * 60 + rest
