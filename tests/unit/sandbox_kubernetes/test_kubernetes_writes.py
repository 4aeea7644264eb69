"""How the gate names what a request writes."""

import json
from typing import Any

import pytest

from hack.sandbox.gate import Write
from hack.sandbox.kubernetes_gate.writes import parse_write

OURS = "/apis/rds-enrollment.dev/v1alpha1/namespaces/team"
READY = {"type": "Ready", "status": "False"}
EVENT = {
    "metadata": {"name": "prod.0123"},
    "regarding": {"kind": "RdsEnrollment", "namespace": "team", "name": "prod"},
    "reason": "DatabasesEnrolled",
}


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "target"),
    [
        ("PATCH", f"{OURS}/rdsenrollments/prod", [], "patch rdsenrollments", "team/prod"),
        ("DELETE", f"{OURS}/rdsenrollments/prod", None, "delete rdsenrollments", "team/prod"),
        (
            "POST",
            f"{OURS}/rdsenrollments",
            {"metadata": {"name": "prod"}},
            "post rdsenrollments",
            "team/prod",
        ),
        ("DELETE", f"{OURS}/rdsenrollments", None, "delete rdsenrollments", "team"),
        (
            "PUT",
            f"{OURS}/rdsenrollments/prod/status",
            {"status": {"conditions": [{"type": "CredentialsValid", "status": "True"}, READY]}},
            "put rdsenrollments/status",
            "team/prod Ready=False",
        ),
        ("PUT", f"{OURS}/rdsenrollments/prod/status", {}, "put rdsenrollments/status", "team/prod"),
        (
            "POST",
            "/apis/events.k8s.io/v1/namespaces/team/events",
            EVENT,
            "post events",
            "RdsEnrollment team/prod DatabasesEnrolled",
        ),
        (
            "PATCH",
            "/apis/events.k8s.io/v1/namespaces/team/events/prod.0123",
            {},
            "patch events",
            "team/prod.0123",
        ),
        ("POST", "/api/v1/namespaces", {"metadata": {"generateName": "team-"}}, "post namespaces", "team-"),
        ("DELETE", "/api/v1/namespaces/team", None, "delete namespaces", "team"),
    ],
)
def test_a_write_is_named_by_its_path_and_its_body(
    method: str, path: str, body: Any, operation: str, target: str
) -> None:
    assert parse_write(method, path, json.dumps(body).encode()) == Write("kubernetes", operation, target)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{OURS}/rdsenrollments"), ("POST", "/version"), ("POST", "/"), ("PATCH", "/apis/a/v1")],
)
def test_what_is_no_write_of_a_resource_has_no_name(method: str, path: str) -> None:
    assert parse_write(method, path, b"{}") is None


def test_a_body_that_is_not_json_tells_nothing() -> None:
    write = parse_write("PUT", f"{OURS}/rdsenrollments/prod/status", b"status: {}")
    assert write == Write("kubernetes", "put rdsenrollments/status", "team/prod")
