"""Why a TLS handshake with the auth service failed: the proxy's web API often knows."""

import ssl

from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.identity import Identity
from rds_enrollment.teleport.tls_errors import is_about_time
from rds_enrollment.teleport.webapi import Found, WebApi

_TOLERATED_SKEW_SECONDS = 60.0
"""Teleport dates its certificates back by as much."""


async def explain(
    error: Exception, *, way: str, address: Address, identity: Identity, web: WebApi
) -> Exception:
    """What to raise instead of `error`: an Outcome that says more, or `error` itself."""
    if is_about_time(error) or not isinstance(error, (ssl.SSLError, ConnectionError, Outcome)):
        return error
    try:
        found = await web.find(address)
    except Outcome:
        return error  # no proxy, or none that tells more: the handshake has said all there is
    return _of_proxy(found, way, address, identity) or error


def _of_proxy(found: Found, way: str, address: Address, identity: Identity) -> Outcome | None:
    if found.ahead_seconds is not None and abs(found.ahead_seconds) > _TOLERATED_SKEW_SECONDS:
        side = "ahead of" if found.ahead_seconds > 0 else "behind"
        return Blocked(
            Reason.TELEPORT_CLOCK_SKEW,
            f"the clock of Teleport at {address} is more than a minute {side} this machine's, so that neither "
            "accepts the other's certificates: set both clocks right",
        )
    if not found.tls_routing:
        return tls_routing_off(address)
    if found.cluster_name and found.cluster_name != identity.cluster_name:
        return Blocked(
            Reason.TELEPORT_NOT_TRUSTED,
            f"Teleport at {address} is cluster {found.cluster_name}, and the identity {identity.source} is of cluster "
            f"{identity.cluster_name}: correct one of them",
        )
    if way == "direct":
        return Blocked(
            Reason.NOT_TELEPORT,
            f"{address} is a Teleport proxy, not the auth service: use --teleport-connection auto or tls-routing",
        )
    return None


def tls_routing_off(address: Address) -> Outcome:
    """For a proxy that routes no TLS."""
    return Blocked(
        Reason.TELEPORT_TLS_ROUTING_OFF,
        f"the Teleport proxy at {address} has TLS routing off: turn it on (auth_service.proxy_listener_mode: "
        "multiplex), or name the auth service's address",
    )
