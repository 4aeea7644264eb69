"""One small HTTP server: /metrics, /healthz, /readyz."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

Probe = Callable[[], str | None]
"""Says what is wrong, or None. Must not block."""


class HttpServer:
    """`health` and `readiness` are probes by name; a failing one turns the answer into 503 with its text."""

    def __init__(
        self, *, registry: CollectorRegistry, health: Mapping[str, Probe], readiness: Mapping[str, Probe]
    ) -> None:
        self._registry = registry
        self._health = health
        self._readiness = readiness
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen. Returns the port, which matters when `port` is 0. Raises OSError when it cannot be bound."""
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self.stop()
            raise
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the port and the connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        scrape = CollectorRegistry()
        scrape.register(_Collected(list(self._registry.collect())))
        body = await asyncio.to_thread(encode, scrape)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(self._health)

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(self._readiness)


class _Collected(Collector):
    """Metrics as they were at one moment of the event loop. Writing them down, which takes a tenth of a second where
    hundreds of objects have series of their own, is for another thread."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _answer(probes: Mapping[str, Probe]) -> web.Response:
    failing = {name: text for name, probe in probes.items() if (text := probe()) is not None}
    if not failing:
        return web.Response(text="ok\n")
    return web.Response(status=503, text="".join(f"{name}: {text}\n" for name, text in failing.items()))
