"""The thumbprint of the certificates that an OIDC issuer serves, which IAM keeps with its identity provider.

Source: IAM User Guide, "Obtain the thumbprint for an OpenID Connect identity provider": SHA-1 of the last certificate
of the served chain, that of the top intermediate authority. Teleport's wizard takes the same (Teleport
lib/integrations/awsoidc/idp_thumbprint.go).
"""

import asyncio
import hashlib
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.runtime.shared_reads import SharedReads
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.ways import Network
from rds_enrollment.teleport.webapi import FIND_SECONDS

MAX_AGE_SECONDS = 300.0
"""How long a thumbprint counts, and the lack of one."""
_DER = 2
"""OpenSSL's SSL_FILETYPE_ASN1, as _ssl.ENCODING_DER."""


class Issuer:
    """Looks at what proxies serve. Used from one event loop."""

    def __init__(self, network: Network, timer: Callable[[], float] = time.monotonic) -> None:
        self._network = network
        self._read: SharedReads[str, Seen[str]] = SharedReads(timer)

    async def thumbprint(self, proxy_address: str) -> Seen[str]:
        """40 lower-case hexadecimal digits, of the issuer at the `host:port` that the cluster publishes.

        Unseen with the outcome: it cannot be reached from here, or its certificate is not to be trusted.
        """
        return await self._read.get(proxy_address, lambda: self._look(proxy_address), max_age=MAX_AGE_SECONDS)

    def preload(self) -> None:
        """Read beforehand whom to trust, which takes some fifty milliseconds. May be called from any thread.

        Raises Blocked(TeleportNotTrusted) when the CA file cannot be used.
        """
        self._network.web.shared_context()

    async def _look(self, proxy_address: str) -> Seen[str]:
        try:
            address = Address.parse(proxy_address)
        except ValueError as error:
            return Unseen(Blocked(Reason.NOT_TELEPORT, f"The cluster publishes no proxy: {error}"))
        try:
            return _thumbprint(await self._served(address))
        except Outcome as outcome:
            return Unseen(outcome)
        except OSError as error:
            return Unseen(self._network.web.translate(error, address))

    async def _served(self, address: Address) -> list[bytes]:
        """The chain, leaf first, each certificate in DER. Raises OSError or Outcome."""
        context = self._network.web.shared_context()
        async with asyncio.timeout(FIND_SECONDS):
            transport, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol,
                sock=await self._network.dialer.dial(address),
                ssl=context,
                server_hostname=address.host,
            )
        try:
            return _chain(transport.get_extra_info("ssl_object"))
        finally:
            transport.abort()


def _thumbprint(chain: list[bytes]) -> str:
    return hashlib.sha1(chain[-1], usedforsecurity=False).hexdigest()


def _chain(tls: ssl.SSLObject) -> list[bytes]:
    """Public since Python 3.13; before, the same method is there on the object that `ssl` wraps."""
    if hasattr(tls, "get_unverified_chain"):
        return cast("list[bytes]", tls.get_unverified_chain())
    wrapped: Any = tls._sslobj  # type: ignore[attr-defined]
    return [certificate.public_bytes(_DER) for certificate in wrapped.get_unverified_chain()]
