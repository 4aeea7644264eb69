"""JSON requests to the API server, on kubernetes.aio's connection handling.

Its generated models are not used: our kinds have none, and without them an object keeps every field it came with.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from rds_enrollment.api.reasons import Reason
from rds_enrollment.kubernetes.errors import ApiError, Request, out_of_date, translate, unreachable
from rds_enrollment.plan.outcome import Conflict
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Guard, unguarded

JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
"""JSON is YAML: https://kubernetes.io/docs/reference/using-api/server-side-apply/ takes either."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Lists metadata alone: https://kubernetes.io/docs/reference/using-api/api-concepts/."""

TIMEOUT_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_PAGE = 500


class Rest:
    """Sends requests over connections that are opened at the first, and anew when the token is no longer accepted."""

    def __init__(
        self,
        load: Callable[[], Awaitable[Configuration]],
        *,
        user_agent: str,
        guard: Guard = unguarded,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """`load` gives the configuration for new connections; `guard` is asked before each write; `timeout` is that of
        one request, in seconds."""
        self._load = load
        self._user_agent = user_agent
        self._guard = guard
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, _CONNECT_SECONDS))
        self._client: ApiClient | None = None

    async def request(
        self,
        request: Request,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> dict[str, Any]:
        """The decoded answer. Raises ApiError for any other than success, Transient when there is no answer, and
        NotLeadingError instead of a write that must not be sent."""
        headers = {"Accept": accept, "Content-Type": content_type}
        status, text = await self._send(request, method, path, query, body, headers)
        if status == 401:
            await self.close()
            status, text = await self._send(request, method, path, query, body, headers)
        return _decode(request, status, text)

    async def get(self, request: Request, path: str) -> dict[str, Any] | None:
        """The object, or None when there is none. Raises Outcome."""
        try:
            return await self.request(request, "GET", path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise translate(error, request) from error

    async def list(self, request: Request, path: str, *, accept: str = JSON) -> dict[str, Any]:
        """All pages as one list object, with the metadata of the last page. Raises Outcome."""
        items: list[dict[str, Any]] = []
        query = {"limit": str(_PAGE)}
        try:
            while True:
                page = await self.request(request, "GET", path, query=query, accept=accept)
                items += page.get("items") or []
                token = page.get("metadata", {}).get("continue")
                if not token:
                    return page | {"items": items}
                query["continue"] = token
        except ApiError as error:
            raise translate(error, request) from error

    async def write(
        self, request: Request, method: str, path: str, body: Any, *, content_type: str = JSON
    ) -> dict[str, Any]:
        """Change an object that was read before; returns it as it is then. Raises Outcome: Conflict when it was
        changed or deleted since."""
        try:
            return await self.request(request, method, path, body=body, content_type=content_type)
        except ApiError as error:
            if out_of_date(error, method, json_patch=content_type == JSON_PATCH):
                raise Conflict(Reason.CONFLICT, f"{request}: {error.message}") from error
            raise translate(error, request) from error

    async def close(self) -> None:
        """Close the connections. The next request opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]

    async def _send(
        self,
        request: Request,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: dict[str, str],
    ) -> tuple[int, bytes]:
        try:
            client = await self._connected()
        except FatalError as error:  # it was good at the start: it may be so again
            raise unreachable(request, error) from error
        parameters = await client.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params=dict(headers),
            body=body,
            auth_settings=["BearerToken"],
        )
        if method != "GET":
            self._guard()
        try:
            answer = await client.call_api(*parameters, _request_timeout=self._timeout)
            return int(answer.status), await answer.read()  # type: ignore[no-untyped-call]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unreachable(request, error) from error

    async def _connected(self) -> ApiClient:
        if self._client is not None:
            return self._client
        configuration = await self._load()
        if self._client is None:  # another request may have been faster
            self._client = ApiClient(configuration)
            self._client.user_agent = self._user_agent
        return self._client


def _decode(request: Request, status: int, text: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError as error:
        if status < 300:
            raise unreachable(request, error) from error
        raise ApiError(status, text.decode(errors="replace")[:256]) from error
    if status < 300:
        return answer
    causes = (answer.get("details") or {}).get("causes") or []
    fields = tuple(cause["field"] for cause in causes if cause.get("field"))
    raise ApiError(status, answer.get("message", ""), fields)
