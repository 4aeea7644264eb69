"""The first message of TLS (RFC 8446, 4.1.2), as far as a proxy reads it that routes by protocol."""

import asyncio

_HANDSHAKE = 22
_ALPN = 16
_HEADER = 5


async def read_client_hello(reader: asyncio.StreamReader) -> bytes:
    """The record with the message, unchanged. Raises EOFError, also when it is no TLS."""
    header = await reader.readexactly(_HEADER)
    if header[0] != _HANDSHAKE:
        raise EOFError("the connection does not begin with TLS")
    return header + await reader.readexactly(int.from_bytes(header[3:5]))


def offered_protocols(record: bytes) -> list[str]:
    """The protocols (ALPN, RFC 7301) that the client offers, its favourite first."""
    # handshake type and length, version, random
    position = _HEADER + 4 + 2 + 32
    for size in (1, 2, 1):  # session id, cipher suites, compression methods
        position += size + int.from_bytes(record[position : position + size])
    extensions = record[position + 2 :]
    while len(extensions) >= 4:
        kind, length = int.from_bytes(extensions[:2]), int.from_bytes(extensions[2:4])
        if kind == _ALPN:
            return _names(extensions[6 : 4 + length])
        extensions = extensions[4 + length :]
    return []


def _names(entries: bytes) -> list[str]:
    names = []
    while entries:
        length = entries[0]
        names.append(entries[1 : 1 + length].decode("ascii"))
        entries = entries[1 + length :]
    return names
