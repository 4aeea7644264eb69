"""Requests: pages, tokens, and what each refusal becomes."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration
from rds_enrollment.api.reasons import Reason
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.errors import Request
from rds_enrollment.kubernetes.rest import JSON_PATCH, Rest
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Transient
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Fence, NotLeadingError

from tests.unit.kubernetes.fake_api import FakeApi

REQUEST = Request("get", "rdsenrollments", "teleport/prod")
PATH = "/apis/rds-enrollment.dev/v1alpha1/namespaces/teleport/rdsenrollments/prod"


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (400, Blocked, Reason.KUBERNETES_REQUEST_REFUSED),
        (401, Blocked, Reason.ACCESS_DENIED),
        (403, Blocked, Reason.ACCESS_DENIED),
        (409, Conflict, Reason.CONFLICT),
        (410, Transient, Reason.KUBERNETES_UNAVAILABLE),
        (422, Blocked, Reason.KUBERNETES_REQUEST_REFUSED),
        (429, Transient, Reason.KUBERNETES_UNAVAILABLE),
        (500, Transient, Reason.KUBERNETES_UNAVAILABLE),
        (503, Transient, Reason.KUBERNETES_UNAVAILABLE),
    ],
)
async def test_a_refusal_is_an_outcome_that_names_the_request(
    api: FakeApi, rest: Rest, status: int, outcome: type[Outcome], reason: Reason
) -> None:
    api.refuse(f"GET {PATH}", status, "because")
    with pytest.raises(outcome) as raised:
        await rest.get(REQUEST, PATH)
    assert type(raised.value) is outcome
    assert raised.value.reason is reason
    assert "get rdsenrollments" in raised.value.message
    assert "because" in raised.value.message


async def test_passes_that_list_a_kind_while_a_list_is_under_way_share_the_next(
    api: FakeApi, rest: Rest
) -> None:
    first, release = asyncio.Event(), asyncio.Event()
    path = "/apis/rds-enrollment.dev/v1alpha1/rdsenrollments"

    async def slowly(_: web.Request) -> web.Response:
        first.set()
        await release.wait()
        items = [{"metadata": {"name": f"as of list {len(api.requests)}"}}]
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": items})

    api.routes[f"GET {path}"] = slowly
    objects = Objects(rest)

    early = asyncio.create_task(objects.list("RdsEnrollment"))
    await first.wait()
    late = [asyncio.create_task(objects.list("RdsEnrollment")) for _ in range(20)]
    await asyncio.sleep(0)
    release.set()
    named = [found[0]["metadata"]["name"] for found in await asyncio.gather(early, *late)]

    assert named == ["as of list 1", *["as of list 2"] * 20]


async def test_what_is_not_there_is_none(rest: Rest) -> None:
    assert await rest.get(REQUEST, PATH) is None


async def test_an_answer_that_is_not_json_is_no_answer(api: FakeApi, rest: Rest) -> None:
    async def proxy_page(_: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    api.routes[f"GET {PATH}"] = proxy_page
    with pytest.raises(Transient):
        await rest.get(REQUEST, PATH)


async def test_an_api_server_that_is_away_is_transient(api: FakeApi) -> None:
    async def load() -> Configuration:
        configuration = await api.load()
        configuration.host = "http://127.0.0.1:1"
        return configuration

    rest = Rest(load, user_agent="test")
    with pytest.raises(Transient) as raised:
        await rest.get(REQUEST, PATH)
    await rest.close()
    assert raised.value.reason is Reason.KUBERNETES_UNAVAILABLE


async def test_credentials_that_vanish_later_are_transient() -> None:
    async def load() -> Configuration:
        raise FatalError("KUBECONFIG names no file", exit_code=2)

    with pytest.raises(Transient, match="KUBECONFIG names no file"):
        await Rest(load, user_agent="test").get(REQUEST, PATH)


async def test_lists_are_read_page_by_page(api: FakeApi, rest: Rest) -> None:
    async def pages(request: web.Request) -> web.Response:
        if "continue" not in request.query:
            return web.json_response({"metadata": {"continue": "more"}, "items": [{"n": 1}]})
        return web.json_response({"metadata": {"resourceVersion": "5"}, "items": [{"n": 2}]})

    api.routes["GET /list"] = pages
    listed = await rest.list(REQUEST, "/list")
    assert listed == {"metadata": {"resourceVersion": "5"}, "items": [{"n": 1}, {"n": 2}]}
    assert [url for _, url, _ in api.requests] == ["/list?limit=500", "/list?limit=500&continue=more"]


async def test_a_refused_token_is_read_again_once(api: FakeApi) -> None:
    tokens = iter(["Bearer old", "Bearer new"])

    async def load() -> Configuration:
        configuration = await api.load()
        configuration.api_key["BearerToken"] = next(tokens)
        return configuration

    async def only_new(request: web.Request) -> web.Response:
        status = 200 if request.headers["Authorization"] == "Bearer new" else 401
        return web.json_response({"message": "who?"}, status=status)

    api.routes[f"GET {PATH}"] = only_new
    rest = Rest(load, user_agent="test")
    assert await rest.get(REQUEST, PATH) == {"message": "who?"}
    await rest.close()


@pytest.mark.parametrize(
    ("status", "causes", "outcome"),
    [
        (409, [], Conflict),
        (404, [], Conflict),
        (422, [], Conflict),
        (422, [{"field": "spec.regions", "message": "too many"}], Blocked),
        (403, [], Blocked),
    ],
)
async def test_a_patch_of_an_outdated_object_is_a_conflict(
    api: FakeApi, rest: Rest, status: int, causes: list[dict[str, str]], outcome: type[Outcome]
) -> None:
    api.refuse(f"PATCH {PATH}", status, "no", causes)
    with pytest.raises(outcome):
        await rest.write(REQUEST, "PATCH", PATH, [], content_type=JSON_PATCH)


async def test_an_equal_status_is_not_written(api: FakeApi, rest: Rest) -> None:
    obj: dict[str, Any] = {
        "kind": "RdsEnrollment",
        "metadata": {"namespace": "teleport", "name": "prod", "resourceVersion": "1"},
        "status": {"conditions": [{"type": "Ready"}]},
    }
    same = json.loads(json.dumps(obj["status"]))
    assert await Objects(rest).write_status(obj, same) is obj
    assert api.requests == []


async def test_only_served_namespaces_are_listed(api: FakeApi, rest: Rest) -> None:
    base = "/apis/rds-enrollment.dev/v1alpha1/namespaces"
    for namespace in ("a", "b"):
        body = {"metadata": {}, "items": [{"metadata": {"namespace": namespace}}]}
        api.answer(f"GET {base}/{namespace}/rdsenrollments", body)
    listed = await Objects(rest, namespaces=("a", "b")).list("RdsEnrollment")
    assert [obj["metadata"]["namespace"] for obj in listed] == ["a", "b"]


async def test_through_a_closed_fence_reads_are_sent_and_writes_are_not(api: FakeApi) -> None:
    api.answer(f"GET {PATH}", {"kind": "RdsEnrollment"})
    rest = Rest(api.load, user_agent="test", guard=Fence().check)
    assert await rest.get(REQUEST, PATH)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(NotLeadingError):
            await rest.request(REQUEST, method, PATH, body={})
    await rest.close()
    assert [method for method, _, _ in api.requests] == ["GET"]
