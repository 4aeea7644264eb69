"""As much of PostgreSQL's protocol as a login needs (PostgreSQL, "Frontend/Backend Protocol", version 3.0).

Behind Teleport's proxy nobody is asked for a password: the certificate of the connection says who comes, and the agent
has logged in at the database when it says AuthenticationOk.
"""

import asyncio
import struct

_PROTOCOL = 196608
"""3.0: major version in the upper, minor in the lower 16 bits."""
_MAX_MESSAGE = 64 * 1024
_QUERY = b"select 1"
_AUTHENTICATION, _ERROR, _READY = b"R", b"E", b"Z"
_HEAD = struct.Struct("!cI")
_LENGTH = 4


class ServerError(Exception):
    """An ErrorResponse. `state` is its SQLSTATE, empty where Teleport speaks for itself."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message


class ProtocolError(Exception):
    """What answers is not Teleport, or not PostgreSQL behind it."""


async def log_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str, name: str) -> None:
    """Log in to database `name`, ask for one row, and say good-bye.

    Raises ServerError, ProtocolError, or what the stream raises (OSError, asyncio.IncompleteReadError).
    """
    writer.write(startup(user, name))
    await _until_ready(reader)
    writer.write(_message(b"Q", _QUERY + b"\0"))
    await _until_ready(reader)
    writer.write(_message(b"X", b""))
    await writer.drain()


def startup(user: str, name: str) -> bytes:
    """StartupMessage. Raises ProtocolError for what it cannot carry."""
    parameters = {"user": user, "database": name, "application_name": "rds-enrollment"}
    if any("\0" in value for value in parameters.values()):
        raise ProtocolError("the names of a user and of a database hold no zero byte")
    pairs = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items())
    body = struct.pack("!I", _PROTOCOL) + pairs + b"\0"
    return struct.pack("!I", len(body) + _LENGTH) + body


def read_error(body: bytes) -> ServerError:
    """An ErrorResponse's fields: a letter and a text each."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    message = ": ".join(filter(None, (fields.get(b"S"), fields.get(b"M"))))
    return ServerError(fields.get(b"C", ""), message or "an error without a message")


def _message(kind: bytes, body: bytes) -> bytes:
    return _HEAD.pack(kind, len(body) + _LENGTH) + body


async def _until_ready(reader: asyncio.StreamReader) -> None:
    while True:
        kind, body = await _read(reader)
        if kind == _READY:
            return
        if kind == _ERROR:
            raise read_error(body)
        if kind == _AUTHENTICATION and body != struct.pack("!I", 0):
            raise ProtocolError("a password is asked for, as no Teleport proxy does")


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if not _LENGTH <= length <= _MAX_MESSAGE:
        raise ProtocolError("the answer is not of PostgreSQL's protocol")
    return kind, await reader.readexactly(length - _LENGTH)
