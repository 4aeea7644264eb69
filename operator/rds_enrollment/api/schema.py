"""pydantic's JSON schema, translated into the structural schema that a CustomResourceDefinition v1 takes.

Kubernetes documentation, "Extend the Kubernetes API with CustomResourceDefinitions", "Specifying a structural
schema": no references, no null types, no titles, and no `additionalProperties: false` (the API server drops
or refuses unknown fields by itself).
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_COPIED = (
    "type",
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-validations",
)
_TRANSLATED = {"description", "default", "const", "items", "properties", "additionalProperties", "required"}
_DROPPED = {"title", "$defs"}


def structural(model: type[BaseModel]) -> Schema:
    """The structural schema of `model`, by its wire names.

    Raises ValueError for a JSON schema keyword that has no translation: better than a rule lost on the way.
    """
    document = model.model_json_schema(by_alias=True, mode="validation")
    return _translate(document, document.get("$defs", {}))


def _translate(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    source = _inline(node, definitions)
    unknown = source.keys() - _DROPPED - _TRANSLATED - set(_COPIED)
    if unknown:
        raise ValueError(f"no structural schema for {sorted(unknown)} in {source.get('title', source)}")
    result: Schema = {}
    if "description" in source:
        result["description"] = " ".join(source["description"].split())
    # Copies: what stands in two places would become an alias in YAML.
    result |= {key: deepcopy(source[key]) for key in _COPIED if key in source}
    if "const" in source:
        result["enum"] = [source["const"]]
    if source.get("default"):
        # null and empty defaults say what an absent field says: the API server need not write them down.
        result["default"] = source["default"]
    if source.get("required"):
        result["required"] = list(source["required"])
    return result | _children(source, definitions)


def _children(source: Schema, definitions: Mapping[str, Schema]) -> Schema:
    children: Schema = {}
    if source.get("properties"):
        children["properties"] = {
            name: _translate(schema, definitions) for name, schema in source["properties"].items()
        }
    if "items" in source:
        children["items"] = _translate(source["items"], definitions)
    if source.get("additionalProperties"):
        children["additionalProperties"] = _translate(source["additionalProperties"], definitions)
    return children


def _inline(node: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    """`node` with its reference and its `X | None` replaced by what they stand for. What the field itself
    says (description, default) wins."""
    own = dict(node)
    if "$ref" in own:
        name = own.pop("$ref").removeprefix("#/$defs/")
        return _inline(definitions[name], definitions) | own
    if "anyOf" in own:
        present = [choice for choice in own.pop("anyOf") if choice != {"type": "null"}]
        if len(present) != 1:
            raise ValueError(f"a union has no structural schema: {node}")
        return _inline(present[0], definitions) | own
    return own
