"""Manifests in the place of a cluster: what is read, and what is taken for an object."""

from pathlib import Path

import pytest
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.cli.manifests import read_manifests
from rds_enrollment.kubernetes.manifests import ManifestObjects
from rds_enrollment.plan.steps.kubernetes import DeleteDeployment
from rds_enrollment.runtime.fatal import FatalError

OURS = """
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {tier: data}}
---
apiVersion: rds-enrollment.dev/v1alpha1
kind: AwsOidcIntegration
metadata: {name: a, namespace: team}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
---
apiVersion: v1
kind: List
items:
- {apiVersion: rds-enrollment.dev/v1alpha1, kind: AwsOidcIntegration, metadata: {name: b}}
---
"""


def test_folders_lists_and_strangers(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "all.yml").write_text(OURS)
    (tmp_path / "notes.txt").write_text("kind: [")
    found = read_manifests([str(tmp_path)])
    assert [(it.document["kind"], it.document["metadata"]["name"]) for it in found] == [
        ("Namespace", "team"),
        ("AwsOidcIntegration", "a"),
        ("AwsOidcIntegration", "b"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [", "is not YAML"),
        ("", "no object of rds-enrollment.dev"),
        ("- 1", "no object of rds-enrollment.dev"),
        ("kind: AwsOidcIntegration", "no object of rds-enrollment.dev"),
        ("{apiVersion: rds-enrollment.dev/v1alpha1, kind: RdsEnrolment}", "has no kind RdsEnrolment"),
        ("{apiVersion: rds-enrollment.dev/v1alpha1, kind: RdsEnrollment}", "has no metadata.name"),
    ],
)
def test_what_is_of_no_use_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(FatalError, match=said):
        read_manifests([str(tmp_path)])


async def test_objects_as_after_an_apply(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(OURS)
    manifests = read_manifests([str(tmp_path)])
    objects = ManifestObjects((it.document for it in manifests), namespace="here")
    kind = "AwsOidcIntegration"
    assert [item["metadata"]["namespace"] for item in await objects.list(kind)] == ["here", "team"]
    assert [item["metadata"]["name"] for item in await objects.list(kind, "team")] == ["a"]
    read = await objects.get(kind, "here", "b")
    assert read is not None
    assert read["metadata"]["uid"]
    assert await objects.get(kind, "here", "a") is None
    assert (await objects.namespace_labels("team"))["tier"] == "data"
    assert await objects.namespace_labels("here") == {"kubernetes.io/metadata.name": "here"}
    with pytest.raises(FatalError, match="--owner-id"):
        await objects.cluster_uid()
    step = DeleteDeployment(
        condition=ConditionType.DEPLOYMENTS_READY, namespace="here", deployment="d", uid="u"
    )
    with pytest.raises(AssertionError):
        await objects.apply(step)
