"""A small API server: answers that a test scripts, and a log of every request."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeApi:
    """Routes are `METHOD path`; what has none is answered 404, as the API server does."""

    url: str = ""
    routes: dict[str, Handler] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)

    def answer(self, route: str, body: Any, status: int = 200) -> None:
        """Always answer `route` so."""

        async def handler(_: web.Request) -> web.Response:
            return web.json_response(body, status=status)

        self.routes[route] = handler

    def refuse(
        self, route: str, status: int, message: str, causes: list[dict[str, str]] | None = None
    ) -> None:
        """Answer `route` with a Status object."""
        body = {"kind": "Status", "code": status, "message": message, "details": {"causes": causes or []}}
        self.answer(route, body, status)

    async def load(self) -> Configuration:
        """The connection to it, with a token."""
        configuration = Configuration()
        configuration.host = self.url
        configuration.api_key["BearerToken"] = "Bearer first"
        return configuration

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.requests.append((request.method, str(request.rel_url), json.loads(text) if text else None))
        handler = self.routes.get(f"{request.method} {request.path}")
        if handler is None:
            return web.json_response({"kind": "Status", "code": 404, "message": "not found"}, status=404)
        return await handler(request)


@asynccontextmanager
async def fake_api() -> AsyncIterator[FakeApi]:
    """Serves on loopback for the length of the block."""
    api = FakeApi()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()
