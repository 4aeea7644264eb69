"""A Lease as the API server keeps one: versions, and refusal of what was read before the last write."""

import itertools
from typing import Any

from aiohttp import web
from rds_enrollment.kubernetes import resources

from tests.unit.kubernetes.fake_api import FakeApi

NAMESPACE, NAME = "teleport", "operator"


class LeaseServer:
    """Answers on `api`. `away`: nothing is answered; `lost`: the next write takes effect without an answer."""

    def __init__(self, api: FakeApi, namespace: str = NAMESPACE, name: str = NAME) -> None:
        self.stored: dict[str, Any] | None = None
        self.away = False
        self.lost = False
        self.forbidden: set[str] = set()
        """Methods."""
        self._versions = itertools.count(1)
        collection = resources.leases(namespace)
        for route in (f"POST {collection}", f"GET {collection}/{name}", f"PUT {collection}/{name}"):
            api.routes[route] = self._handle

    @property
    def spec(self) -> dict[str, Any]:
        assert self.stored is not None
        spec: dict[str, Any] = self.stored["spec"]
        return spec

    def touch(self) -> None:
        """Somebody changes something else about it."""
        assert self.stored is not None
        self._store({**self.stored, "metadata": {**self.stored["metadata"], "labels": {"a": "b"}}})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        if request.method in self.forbidden:
            return _status(403)
        if request.method == "GET":
            return web.json_response(self.stored) if self.stored else _status(404)
        refused = self._write(request.method, await request.json())
        if refused:
            return refused
        if self.lost:
            self.lost = False
            raise web.HTTPBadGateway
        return web.json_response(self.stored)

    def _write(self, method: str, body: dict[str, Any]) -> web.Response | None:
        if method == "POST" and self.stored is not None:
            return _status(409)
        if method == "PUT":
            if self.stored is None:
                return _status(404)
            if body["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
                return _status(409)
        self._store(body)
        return None

    def _store(self, body: dict[str, Any]) -> None:
        self.stored = {**body, "metadata": {**body["metadata"], "resourceVersion": str(next(self._versions))}}


def _status(code: int) -> web.Response:
    return web.json_response({"kind": "Status", "code": code, "message": f"HTTP {code}"}, status=code)
