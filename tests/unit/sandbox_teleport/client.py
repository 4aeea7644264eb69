"""A client of the auth server made of the generated stubs alone."""

import re
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from rds_enrollment.teleport.wire.auth_service_grpc import AuthServiceStub
from rds_enrollment.teleport.wire.integration_service_grpc import IntegrationServiceStub

TIMEOUT = 20.0
"""Seconds; a hang detector."""

_PEM = re.compile(r"-----BEGIN [A-Z ]+-----\n.*?-----END [A-Z ]+-----\n", re.DOTALL)


@dataclass(frozen=True)
class Client:
    channel: Channel
    auth: AuthServiceStub
    integrations: IntegrationServiceStub


@asynccontextmanager
async def connect(address: str, identity: Path) -> AsyncIterator[Client]:
    async with connect_with(address, client_context(identity)) as client:
        yield client


@asynccontextmanager
async def connect_with(address: str, context: ssl.SSLContext) -> AsyncIterator[Client]:
    host, _, port = address.rpartition(":")
    config = Configuration(ssl_target_name_override="teleport.cluster.local")
    async with Channel(host, int(port), ssl=context, config=config) as channel:
        yield Client(channel, AuthServiceStub(channel), IntegrationServiceStub(channel))


def client_context(identity: Path) -> ssl.SSLContext:
    """First PEM block the key, second the certificate, the rest CAs."""
    key, certificate, *authorities = _PEM.findall(identity.read_text())
    context = trusting("".join(authorities))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(key + certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def trusting(authorities: str) -> ssl.SSLContext:
    """TLS of a client without a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # What newer Pythons turn on by themselves.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=authorities)
    context.set_alpn_protocols(["h2"])
    return context


@contextmanager
def refused(status: Status, text: str) -> Iterator[None]:
    with pytest.raises(GRPCError) as caught:
        yield
    assert caught.value.status is status
    assert text in (caught.value.message or "")
