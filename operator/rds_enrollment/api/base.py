"""Base models: camelCase on the wire, snake_case in Python, never changed after parsing.

A docstring under a field is its description in the CRD (`kubectl explain`).
"""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ApiModel(BaseModel):
    """Part of an object. Fields that it does not know are dropped, as a newer status may carry them."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        frozen=True,
        extra="ignore",
    )


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
