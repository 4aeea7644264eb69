"""The generated CustomResourceDefinitions: complete, bounded, and the same as the files in crds/."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from rds_enrollment.api.crds import manifests
from rds_enrollment.api.schema import structural

from hack import crdgen

Schema = dict[str, Any]

MANIFESTS = {manifest["spec"]["names"]["kind"]: manifest for manifest in manifests()}
YAML_1_1_BOOLEANS = {"y", "n", "yes", "no", "on", "off", "true", "false"}


def schema_of(kind: str) -> Schema:
    schema: Schema = MANIFESTS[kind]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema below (and with) `schema`, by path; without what the API server itself defines."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        if path or name in {"spec", "status"}:
            yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


def offenders(kind: str, wrong: Callable[[str, Schema], bool]) -> list[str]:
    return [path for path, schema in nodes(schema_of(kind)) if wrong(path, schema)]


@pytest.mark.parametrize("folder", crdgen.FOLDERS, ids=["crds", "chart"])
def test_files_are_as_generated(folder: Path) -> None:
    assert crdgen.differences(folder) == []


def test_check_names_what_differs(tmp_path: Path) -> None:
    crdgen.write(tmp_path)
    assert crdgen.differences(tmp_path) == []
    first, second, third = sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / first).write_text("kind: Other\n")
    (tmp_path / second).unlink()
    (tmp_path / "surplus.yaml").write_text("")
    assert crdgen.differences(tmp_path) == sorted([first, second, "surplus.yaml"])
    crdgen.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [first, second, third]
    assert crdgen.differences(tmp_path) == []


def test_files_say_that_they_are_generated() -> None:
    for text in crdgen.render().values():
        assert text.startswith("# Generated")
        assert yaml.safe_load(text)["kind"] == "CustomResourceDefinition"


@pytest.mark.parametrize("kind", MANIFESTS)
def test_every_field_has_a_description(kind: str) -> None:
    # Items and map values are described by the field that holds them.
    assert (
        offenders(kind, lambda path, schema: path[-1:] not in {"]", "}"} and not schema.get("description"))
        == []
    )


@pytest.mark.parametrize("kind", MANIFESTS)
def test_every_default_is_told(kind: str) -> None:
    told = "Default:"
    assert offenders(kind, lambda _, schema: "default" in schema and told not in schema["description"]) == []


def is_bounded(schema: Schema) -> bool:
    match schema["type"]:
        case "string":
            return "maxLength" in schema or "enum" in schema or schema.get("format") == "date-time"
        case "array":
            return "maxItems" in schema and "x-kubernetes-list-type" in schema
        case "object":
            return "additionalProperties" not in schema or "maxProperties" in schema
        case "integer":
            return "minimum" in schema or "enum" in schema
        case "boolean":
            return True
    return False


@pytest.mark.parametrize("kind", MANIFESTS)
def test_everything_is_bounded(kind: str) -> None:
    """The API server estimates what a CEL rule may cost from these limits."""
    assert offenders(kind, lambda _, schema: not is_bounded(schema)) == []


@pytest.mark.parametrize("kind", MANIFESTS)
def test_nothing_unknown_is_kept(kind: str) -> None:
    lax = {"x-kubernetes-preserve-unknown-fields", "$ref", "anyOf", "title", "nullable"}
    assert offenders(kind, lambda _, schema: bool(lax & schema.keys())) == []


@pytest.mark.parametrize("kind", MANIFESTS)
def test_no_field_is_a_boolean_in_yaml(kind: str) -> None:
    """YAML 1.1, which helm and kubectl read, takes y and n for booleans where PyYAML does not quote them."""
    assert offenders(kind, lambda path, _: path.rpartition(".")[2].lower() in YAML_1_1_BOOLEANS) == []


@pytest.mark.parametrize("kind", MANIFESTS)
def test_fields_of_the_status_have_no_defaults(kind: str) -> None:
    """The API server would write them into every status. Only the whole has one, which says that nobody looked."""
    status = schema_of(kind)["properties"]["status"]
    assert [path for path, schema in nodes(status) if "default" in schema] == [""]
    assert status["default"] == {"observedGeneration": -1}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_printer_columns_name_fields(kind: str) -> None:
    known = {path for path, _ in nodes(schema_of(kind))}
    for column in MANIFESTS[kind]["spec"]["versions"][0]["additionalPrinterColumns"]:
        path = column["jsonPath"].replace('[?(@.type=="Ready")]', "[]")
        assert path in known or path == ".metadata.creationTimestamp"


def test_only_the_deployment_scales() -> None:
    scales = {
        kind: manifest["spec"]["versions"][0]["subresources"].get("scale")
        for kind, manifest in MANIFESTS.items()
    }
    assert scales == {
        "AwsOidcIntegration": None,
        "RdsEnrollment": None,
        "DatabaseServiceDeployment": {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
        },
    }


def test_template_replicas_have_no_default() -> None:
    """A default would be applied with the template and undo `kubectl scale` of a generated deployment."""
    template = schema_of("RdsEnrollment")["properties"]["spec"]["properties"]["deployment"]["properties"]
    assert "default" not in template["replicas"]


class Union(BaseModel):
    value: int | str


class Pair(BaseModel):
    value: tuple[int, str]


@pytest.mark.parametrize("model", [Union, Pair])
def test_what_has_no_structural_schema_is_refused(model: type[BaseModel]) -> None:
    with pytest.raises(ValueError, match="structural schema"):
        structural(model)
