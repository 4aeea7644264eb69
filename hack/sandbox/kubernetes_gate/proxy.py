"""Passes one request on as it is: reads and watches as they come, writes through the gate."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hack.sandbox.gate import Cut, Fault, Reads, Spoiled, Write
from hack.sandbox.kubernetes_gate.faults import fault_response
from hack.sandbox.kubernetes_gate.writes import parse_write

_LONGEST_LINE = 2 * 2**20
"""In bytes: etcd takes no object that is larger, and an event of a watch has one."""
GATED_WRITES = 16
"""Writes that may wait at the gate at a time."""

# They speak of one connection, not of the message (RFC 9110, section 7.6.1). Lengths are set anew.
_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length"}
)

# A list's own version grows with every write of anything.
_OF_ONE_ANSWER = re.compile(r'"kind":"\w+List","apiVersion":"[^"]*","metadata":\{[^}]*\}')

Step = Callable[[Write], None]


def hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection at once; what is returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


class Proxy:
    """An async context manager; `handle` is the handler of an aiohttp server that cancels abandoned handlers."""

    def __init__(
        self,
        server: str,
        tls: ssl.SSLContext,
        before: Step,
        after: Step,
        deaf: Callable[[], bool],
        reads: Callable[[], Reads | None],
    ) -> None:
        """`before` and `after` are called in threads around each write; they may block and may raise Cut or
        Spoiled. `deaf` is asked for each event of a watch: whether it is lost. `reads` gives who is asked
        for other answers."""
        self._server = server
        self._tls = tls
        self._before = before
        self._after = after
        self._deaf = deaf
        self._reads = reads
        self._threads = ThreadPoolExecutor(max_workers=GATED_WRITES, thread_name_prefix="kubernetes-gate")
        self._session: aiohttp.ClientSession
        self._tasks: set[asyncio.Task[web.Response | None]] = set()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            auto_decompress=False,
            read_bufsize=_LONGEST_LINE,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The API server's answer. The connection is closed without one after a Cut, and when there is none."""
        body = await request.content.read()
        write = parse_write(request.method, request.path, body)
        try:
            response = (
                await self._pass(request, body) if write is None else await self._write(request, body, write)
            )
        except aiohttp.ClientError:
            response = None
        if response is None:
            return hang_up(request)
        return response

    async def _pass(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """As it comes: a watch sends for as long as its client listens, an event in each line."""
        is_watch = request.query.get("watch") == "true"
        reads = self._reads()
        if reads is not None and not is_watch:
            return await self._show(reads, request, body)
        async with self._ask(request, body) as answer:
            response = web.StreamResponse(
                status=answer.status, reason=answer.reason, headers=_of_the_message(answer.headers)
            )
            await response.prepare(request)
            async for piece in answer.content if is_watch else answer.content.iter_any():
                if not (is_watch and self._deaf()):
                    await response.write(piece)
            await response.write_eof()
            return response

    async def _show(self, reads: Reads, request: web.BaseRequest, body: bytes) -> web.Response:
        async with self._ask(request, body) as answer:
            content = await answer.read()
        headers = _of_the_message(answer.headers)
        text = _OF_ONE_ANSWER.sub("", f"{answer.status} {content.decode('utf-8', 'replace')}")
        question = f"{request.method} {request.path_qs} {request.headers.get('Accept')}"
        fresh = answer.status, headers, content
        try:
            status, headers, content = reads.answer("kubernetes", question, fresh, text)
        except Cut:
            return hang_up(request)
        except Spoiled as spoiled:
            if spoiled.fault is not Fault.CUT_SHORT:
                return fault_response(spoiled.fault)
            status, headers, content = answer.status, headers, content[: len(content) // 2]
        return web.Response(status=status, headers=headers, body=content)

    async def _write(self, request: web.BaseRequest, body: bytes, write: Write) -> web.Response | None:
        # A task of its own: a write that has arrived takes its course, also when its client goes away.
        task = asyncio.create_task(self._write_gated(request, body, write))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _write_gated(self, request: web.BaseRequest, body: bytes, write: Write) -> web.Response | None:
        """None when the gate cut it, or the API server did."""
        content = b""
        try:
            await self._at_gate(self._before, write)
            async with self._ask(request, body) as answer:
                content = await answer.read()
            await self._at_gate(self._after, write)
        except (Cut, aiohttp.ClientError):
            return None
        except Spoiled as spoiled:
            if spoiled.fault is not Fault.CUT_SHORT:
                return fault_response(spoiled.fault)
            content = content[: len(content) // 2]
        headers = _of_the_message(answer.headers)
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=content)

    def _at_gate(self, step: Step, write: Write) -> Awaitable[None]:
        return asyncio.get_running_loop().run_in_executor(self._threads, step, write)

    def _ask(self, request: web.BaseRequest, body: bytes) -> "aiohttp.client._RequestContextManager":
        url = URL(f"{self._server}{request.raw_path}", encoded=True)
        headers = _of_the_message(request.headers)
        return self._session.request(
            request.method,
            url,
            headers=headers,
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=("Content-Type",),  # a body of no named type is JSON to the API server
        )


def _of_the_message(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION
    )
