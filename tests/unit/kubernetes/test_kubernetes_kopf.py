"""kopf in its thread: it reads and nothing else, it ends on request, and its end is seen."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from rds_enrollment.api.common import API_VERSION, GROUP
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.handlers import build_registry, build_settings
from rds_enrollment.kubernetes.watch import Version, version_of
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.runtime.watcher import WatchThread

from tests.unit.kubernetes.fake_api import FakeApi

HANG = 20.0
PATH = f"/apis/{API_VERSION}"
KEY = Key("RdsEnrollment", "teleport", "prod")


def an_object(version: int) -> dict[str, Any]:
    metadata = {"namespace": "teleport", "name": "prod", "uid": "u1", "resourceVersion": str(version)}
    return {"apiVersion": API_VERSION, "kind": "RdsEnrollment", "metadata": metadata, "spec": {"secret": "x"}}


def discovery(api: FakeApi) -> None:
    """What kopf reads before it watches."""

    def resource(name: str, kind: str, *, namespaced: bool) -> dict[str, Any]:
        verbs = ["get", "list", "watch", "patch"]
        return {"name": name, "kind": kind, "singularName": "", "namespaced": namespaced, "verbs": verbs}

    groups = [(GROUP, "v1alpha1"), ("apiextensions.k8s.io", "v1")]
    api.answer(
        "GET /apis",
        {
            "groups": [
                {"name": name, "versions": [{"version": v}], "preferredVersion": {"version": v}}
                for name, v in groups
            ]
        },
    )
    api.answer("GET /api", {"versions": ["v1"]})
    api.answer("GET /api/v1", {"resources": [resource("namespaces", "Namespace", namespaced=False)]})
    crd = resource("customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
    api.answer("GET /apis/apiextensions.k8s.io/v1", {"resources": [crd]})
    ours = [resource(kind.plural, kind.kind, namespaced=True) for kind in KINDS.values()]
    api.answer(f"GET {PATH}", {"resources": ours})


def streaming(api: FakeApi, events: asyncio.Queue[dict[str, Any]]) -> None:
    """One object in the list; then whatever the test puts into `events`."""

    async def enrollments(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": [an_object(5)]})
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(json.dumps(await events.get()).encode() + b"\n")

    async def nothing(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": []})
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    for kind in KINDS.values():
        api.routes[f"GET {PATH}/{kind.plural}"] = nothing
    api.routes[f"GET {PATH}/rdsenrollments"] = enrollments


class Watching:
    """A running WatchThread and what it delivered."""

    def __init__(self, thread: WatchThread, delivered: "asyncio.Queue[tuple[Version, bool]]") -> None:
        self.thread = thread
        self.delivered = delivered


@asynccontextmanager
async def watching(api: FakeApi) -> AsyncIterator[Watching]:
    loop = asyncio.get_running_loop()
    delivered: asyncio.Queue[tuple[Version, bool]] = asyncio.Queue()

    def deliver(kind: str, obj: Mapping[str, Any], deleted: bool) -> None:
        loop.call_soon_threadsafe(delivered.put_nowait, (version_of(kind, obj["metadata"]), deleted))

    thread = WatchThread(build_registry(api.load, deliver), build_settings(), namespaces=())
    thread.start()
    async with asyncio.timeout(HANG):
        yield Watching(thread, delivered)
        assert await thread.stop(HANG)


async def test_every_event_is_delivered_and_nothing_is_written(api: FakeApi) -> None:
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    discovery(api)
    streaming(api, events)
    async with watching(api) as watch:
        assert await watch.delivered.get() == (Version(KEY, "u1", 5), False)
        await events.put({"type": "MODIFIED", "object": an_object(6)})
        assert await watch.delivered.get() == (Version(KEY, "u1", 6), False)
        await events.put({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}})
        await events.put({"type": "DELETED", "object": an_object(8)})
        assert await watch.delivered.get() == (Version(KEY, "u1", 8), True)
    assert {method for method, _, _ in api.requests} == {"GET"}


async def test_it_ends_quickly_on_request_and_leaves_other_tasks_alone(api: FakeApi) -> None:
    discovery(api)
    streaming(api, asyncio.Queue())
    async with watching(api) as watch:
        await watch.delivered.get()
        ours = asyncio.create_task(asyncio.Event().wait())
        assert await watch.thread.stop(2.0)
        assert await watch.thread.ended() is None
        assert not ours.done()
        ours.cancel()


async def test_a_watch_that_breaks_is_seen_with_its_reason(api: FakeApi) -> None:
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    discovery(api)
    streaming(api, events)
    async with watching(api) as watch:
        await watch.delivered.get()
        await events.put({"type": "ERROR", "object": {"code": 500, "message": "etcd is lost"}})
        reason = await watch.thread.ended()
    assert "etcd is lost" in str(reason)
