"""AWS by the names of its hosts, over TLS: for an operator that is not told an endpoint, but chooses them itself."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.teleport.loopback import LoopbackServer, pipe
from hack.sandbox.teleport.middleboxes import ConnectProxy
from hack.sandbox.teleport.web_certificate import WebAuthority


@dataclass(frozen=True, slots=True)
class AwsHosts:
    """Who can be called."""

    settings: Mapping[str, str]
    """Variables of an operator that is to find them."""
    asked: Sequence[str]
    """`host:port` of each connection so far, to hosts that there are not, too."""


@contextmanager
def aws_hosts(aws: AwsSandbox, hosts: Sequence[str], folder: Path) -> Iterator[AwsHosts]:
    """These hosts and no others are reached, as long as the context. `folder` takes the authority's certificate."""
    authority = WebAuthority(datetime.now(UTC))
    with (
        _Front(aws, authority, hosts) as front,
        ConnectProxy({f"{host}:443": front.address for host in hosts}) as outward,
    ):
        settings = {
            "AWS_ENDPOINT_URL": "",
            "AWS_CA_BUNDLE": str(authority.write(folder / "aws-ca.pem")),
            "HTTPS_PROXY": outward.url,
        }
        yield AwsHosts(settings, outward.asked)


class _Front(LoopbackServer):
    """Ends TLS before the sandbox."""

    def __init__(self, aws: AwsSandbox, authority: WebAuthority, hosts: Sequence[str]) -> None:
        super().__init__(authority.server_context(hosts, ("http/1.1",)))
        self._target = urlsplit(aws.url).netloc

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pipe(reader, writer, self._target)
