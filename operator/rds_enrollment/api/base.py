"""Base models: camelCase on the wire, snake_case in Python, never changed after parsing.

A docstring under a field is its description in the CRD (`kubectl explain`).
"""

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from rds_enrollment.api.docstrings import field_docstrings


class ApiModel(BaseModel):
    """Part of an object. Fields that it does not know are dropped, as a newer status may carry them."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        extra="ignore",
        defer_build=True,  # most parts are only ever validated within their kind
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        texts = field_docstrings(cls)
        for name, field in cls.model_fields.items():
            wire_name = field.alias or name
            if name in texts and wire_name in properties:
                properties[wire_name].setdefault("description", texts[name])
        return schema


class SpecModel(ApiModel):
    """Part of a spec. A field that it does not know is an error: ignoring a wish would be a lie."""

    model_config = ConfigDict(extra="forbid")


def clip(text: str, max_bytes: int) -> str:
    """`text`, shortened to at most `max_bytes` bytes of UTF-8 (3 or more), an ellipsis at the cut."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    ellipsis = "…"
    return encoded[: max_bytes - len(ellipsis.encode())].decode(errors="ignore") + ellipsis
