"""kopf: every watch event of our kinds is passed on as a key. Nothing else happens here.

`kopf.on.event` is the only kind of handler that leaves no trace on the object: no annotation, no finalizer, no
patch. kopf's retries, timers, indices, peering and event posting are not used; the work queue stands in for them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import kopf
from kubernetes.aio.client import Configuration

from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import KINDS

Deliver = Callable[[str, Mapping[str, Any], bool], None]
"""Takes the kind and the object that the watch delivered, and whether it is gone. Called in kopf's thread."""


def build_registry(load: Callable[[], Awaitable[Configuration]], deliver: Deliver) -> kopf.OperatorRegistry:
    """kopf's handlers. `load` gives the connection, at the start and when the token is no longer accepted."""
    registry = kopf.OperatorRegistry()

    async def login(**_: Any) -> kopf.ConnectionInfo:
        return connection(await load())

    kopf.on.login(registry=registry, errors=kopf.ErrorsMode.PERMANENT)(login)
    for kind in KINDS.values():
        kopf.on.event(GROUP, VERSION, kind.plural, registry=registry, id=f"deliver-{kind.plural}")(
            _passing_on(kind.kind, deliver)
        )
    return registry


def build_settings() -> kopf.OperatorSettings:
    """kopf as a watcher and no more."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True  # needs no right to watch CRDs or namespaces
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = 70  # bookmarks come every minute
    settings.watching.chunk_size = 500
    settings.networking.request_timeout = 30
    settings.networking.enforce_retry_after = True
    return settings


def connection(configuration: Configuration) -> kopf.ConnectionInfo:
    """The connection of our own client, as kopf takes it."""
    scheme, _, token = (configuration.api_key.get("BearerToken") or "").partition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token.strip() or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
    )


def _passing_on(kind: str, deliver: Deliver) -> Callable[..., Awaitable[None]]:
    async def pass_on(event: kopf.RawEvent, **_: Any) -> None:
        deliver(kind, event["object"], event["type"] == "DELETED")

    return pass_on
