"""One page per kind: every field as its CustomResourceDefinition has it, which is what the API server enforces."""

from collections.abc import Iterator
from typing import Any

from rds_enrollment.api.crds import manifests

from hack.docsgen.markdown import bullets, code, escape, page, table

Schema = dict[str, Any]

_IMMUTABLE = "self == oldSelf"
_BOUNDS = (
    ("minLength", "maxLength", "characters"),
    ("minItems", "maxItems", "items"),
    ("minProperties", "maxProperties", "entries"),
    ("minimum", "maximum", ""),
)


def render() -> dict[str, str]:
    """Text of each page by file name."""
    return {f"{names(manifest)['singular']}.md": _page(manifest) for manifest in manifests()}


def names(manifest: Schema) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["names"]
    return found


def _page(manifest: Schema) -> str:
    (version,) = manifest["spec"]["versions"]
    root: Schema = version["schema"]["openAPIV3Schema"]
    head = (
        f"API `{manifest['spec']['group']}/{version['name']}` · short name `{names(manifest)['shortNames'][0]}` · "
        f"category `{names(manifest)['categories'][0]}` · namespaced"
    )
    spec = fields("spec", root["properties"]["spec"])
    status = fields("status", root["properties"]["status"])
    return page(
        names(manifest)["kind"],
        "operator/rds_enrollment/api",
        escape(root["description"]),
        head,
        bullets(_rules(root)),
        "## Spec",
        bullets(_rules(root["properties"]["spec"])),
        *spec,
        "## Status",
        escape(root["properties"]["status"]["description"]),
        *status,
        "## Columns of kubectl get",
        _columns(version["additionalPrinterColumns"]),
    )


def _columns(columns: list[Schema]) -> str:
    rows = (
        (column["name"], code(column["jsonPath"]), "with `-o wide`" if column.get("priority") else "always")
        for column in columns
    )
    return table(("column", "from", "shown"), rows)


def fields(path: str, schema: Schema) -> Iterator[str]:
    """Blocks about each field below `path`, parents first: heading, facts, description, rules."""
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        yield from _field(f"{path}.{name}", field, required=name in required)


def _field(path: str, schema: Schema, *, required: bool) -> Iterator[str]:
    yield f"### `{path}`"
    yield " · ".join(_facts(schema, required=required and path.startswith("spec")))
    yield escape(schema.get("description", ""))
    yield bullets(_rules(schema))
    yield from fields(path, schema)
    yield from fields(f"{path}[]", schema.get("items", {}))


def _facts(schema: Schema, *, required: bool) -> Iterator[str]:
    yield _type(schema)
    if required:
        yield "**required**"
    if any(rule["rule"] == _IMMUTABLE for rule in schema.get("x-kubernetes-validations", ())):
        yield "**immutable**"
    if "default" in schema:
        yield f"default {code(_value(schema['default']))}"
    yield from _limits(schema)


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(code(_value(value)) for value in schema["enum"])
    kind: str = schema.get("type", "object")
    of = schema.get("items") or schema.get("additionalProperties")
    if not of:
        return kind
    inner = " ".join((_type(of), *(f"({limit})" for limit in _limits(of))))
    return f"list of {inner}" if kind == "array" else f"map of string to {inner}"


def _limits(schema: Schema) -> Iterator[str]:
    for least, most, unit in _BOUNDS:
        span = _span(schema.get(least), schema.get(most))
        if span:
            yield f"{span} {unit}".strip()
    if "pattern" in schema:
        yield f"matches {code(schema['pattern'])}"
    if "format" in schema:
        yield f"format {schema['format']}"


def _span(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    if most is not None:
        return f"at most {most}"
    return "" if least is None else f"at least {least}"


def _rules(schema: Schema) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield f"Rule: {escape(rule['message'])}."


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)
