"""Fields of a request that the wire modules do not declare: protobuf keeps them, and here they are read.

A field that this sandbox does not know must be refused where ignoring it would change the answer.
"""

from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet


def undeclared(message: Message) -> frozenset[int]:
    """Numbers of the undeclared top-level fields that are set."""
    return frozenset(number for number, _ in _fields(message))


def undeclared_text(message: Message, number: int) -> str:
    """Value of an undeclared string field; empty when it is not set. The last one wins, as in protobuf."""
    values: list[bytes] = [data for each, data in _fields(message) if each == number]
    return values[-1].decode() if values else ""


def _fields(message: Message) -> list[tuple[int, Any]]:
    fields = UnknownFieldSet(message)
    return [(fields[index].field_number, fields[index].data) for index in range(len(fields))]
