"""PostgreSQL's protocol as a server speaks it (PostgreSQL, "Message Formats"), as far as an agent looks into it."""

import asyncio
import struct
from collections.abc import Mapping

CLEARTEXT_PASSWORD = struct.pack("!I", 3)
LOGGED_IN = struct.pack("!I", 0)
"""Bodies of Authentication messages."""
_SSL_REQUEST = 80877103
_HEAD = struct.Struct("!cI")
_LENGTH = 4


async def read_startup(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[bytes, dict[str, str]]:
    """The StartupMessage as it came, and its parameters. Whoever asks for TLS has it already and is told no."""
    while True:
        length, code = struct.unpack("!II", await reader.readexactly(8))
        rest = await reader.readexactly(length - 8)
        if code != _SSL_REQUEST:
            break
        writer.write(b"N")
    texts = [part.decode() for part in rest.split(b"\0")]
    return struct.pack("!II", length, code) + rest, dict(zip(texts[::2], texts[1::2], strict=False))


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Its letter and its body."""
    kind, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    return kind, await reader.readexactly(length - _LENGTH)


def message(kind: bytes, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body) + _LENGTH) + body


def password_message(password: str) -> bytes:
    return message(b"p", password.encode() + b"\0")


def error_response(**fields: str) -> bytes:
    """With the fields by their letters; those that are empty are left out."""
    parts = [f"{letter}{value}\0" for letter, value in fields.items() if value]
    return message(b"E", "".join(parts).encode() + b"\0")


def error_fields(body: bytes) -> Mapping[str, str]:
    """By their letters."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}
