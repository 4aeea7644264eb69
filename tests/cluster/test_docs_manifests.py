"""Every manifest in the docs is one that an API server takes."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from rds_enrollment.api.common import API_VERSION
from rds_enrollment.controllers.grants_file import GrantsFile
from rds_enrollment.plan.grants import Grant

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import install
from tests.docs.blocks import ROOT, Block, blocks

TELEPORT = {("role", "v7"), ("bot", "v1"), ("token", "v2"), ("cluster_maintenance_config", "v1")}
"""Kind and version of Teleport's own resources: for tctl, unknown to Kubernetes."""
OTHERS = {"argoproj.io/v1alpha1", "kustomize.toolkit.fluxcd.io/v1"}
"""APIs of tools that are not installed here."""
MANIFESTS = [block for block in blocks("yaml") if "apiVersion:" in block.text]


@pytest.fixture(scope="module")
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    install(control_plane)
    name = f"docs-{uuid4().hex[:8]}"
    control_plane.run_kubectl("create", "namespace", name)
    yield name
    control_plane.run_kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize("block", MANIFESTS, ids=str)
def test_manifest_is_taken(control_plane: ControlPlane, namespace: str, block: Block) -> None:
    """Schema, strict field names and CEL rules: all but what only the operator can know."""
    for document in yaml.safe_load_all(block.text):
        if document["apiVersion"] in OTHERS:
            continue
        assert document["metadata"].pop("namespace", namespace)
        options = ["--dry-run=server", "--validate=strict", f"--namespace={namespace}", "--filename=-"]
        answer = control_plane.run_kubectl("apply", *options, stdin=yaml.safe_dump(document))
        assert answer.endswith("(server dry run)\n")


def test_every_other_yaml_is_for_the_chart_or_the_operator_or_teleport(tmp_path: Path) -> None:
    for block in blocks("yaml"):
        if block in MANIFESTS or block.text.startswith("# values.yaml\n"):
            continue
        for document in yaml.safe_load_all(block.text):
            if isinstance(document, list):
                assert granted(block.text, tmp_path)
                continue
            assert (document["kind"], document["version"]) in TELEPORT, block
            assert document["metadata"]["name"]
            assert document["spec"]


def test_lists_of_roles_in_secrets_can_be_read(tmp_path: Path) -> None:
    documents = (document for block in MANIFESTS for document in yaml.safe_load_all(block.text))
    lists = [text for item in documents if item["kind"] == "Secret" for text in item["stringData"].values()]
    assert lists
    assert all(granted(text, tmp_path) for text in lists)


def granted(text: str, folder: Path) -> tuple[Grant, ...]:
    """What a file of --assume-roles grants. Raises Blocked when it cannot be used."""
    path = folder / "roles.yaml"
    path.write_text(text)
    return GrantsFile(path).load()


def test_the_docs_show_every_kind() -> None:
    shown = {
        document["kind"]
        for block in MANIFESTS
        for document in yaml.safe_load_all(block.text)
        if document["apiVersion"] == API_VERSION
    }
    crds = [yaml.safe_load(path.read_text()) for path in (ROOT / "crds").glob("*.yaml")]
    assert shown == {crd["spec"]["names"]["kind"] for crd in crds}
