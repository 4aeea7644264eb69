"""AWS in many accounts and regions from one recording, cheaply.

`python -m hack.bench.echo_server FILE` prints its URL and serves until killed. FILE is what `Script.dump` writes.
Besides AWS's own requests, `POST /faults` with `{account: fault}` breaks these accounts and heals the others, and
`POST /counts` tells what was asked since the last time.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from hack.bench.places import Place, Translation
from hack.bench.script import Script
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply, fault_reply, parse_request
from hack.sandbox.gate import Fault

LOOPBACK = "127.0.0.1"
SILENT = "silent"
"""A fault: no answer comes."""
_KEY = "ASIA"
"""Access keys begin so; the account follows."""


@dataclass
class Counts:
    """What was asked, STS aside."""

    calls: int = 0
    unknown: int = 0
    """Questions that the recording has no answer to, as are asked where others failed."""
    most_in_a_second: int = 0
    """In one account and region."""
    most_at_a_time: int = 0
    """In one account, of those that get an answer: who has given up waiting for one is not seen here."""


class Echo:
    """Answers every request."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._translation = Translation(script.account, script.region, script.vpcs)
        self._places = {(place.account, place.region): place for place in script.places}
        self._numbered = {place.number: place for place in script.places}
        self._first = {place.account: place for place in reversed(script.places)}
        self._faults: dict[str, str] = {}
        self._healed = asyncio.Event()
        self._counts = Counts()
        self._under_way: Counter[str] = Counter()
        self._recent: dict[tuple[str, str], deque[float]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which stays open."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                reply = await self._reply(head[0].split(" ")[1], headers, body)
                if reply is None:
                    return
                writer.write(_on_the_wire(reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client has gone
        finally:
            writer.close()

    async def _reply(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply | None:
        if path == "/faults":
            self._faults = json.loads(body)
            self._healed.set()
            self._healed = asyncio.Event()
            return _document({})
        if path == "/counts":
            told, self._counts = self._counts, Counts()
            return _document(asdict(told))
        request = parse_request(
            {
                "HTTP_AUTHORIZATION": headers.get("authorization", ""),
                "HTTP_X_AMZ_TARGET": headers.get("x-amz-target", ""),
                "CONTENT_TYPE": headers.get("content-type", ""),
            },
            body,
        )
        if request is None:
            return error_reply("", "MissingAction", "The request names no operation.", 400)
        if request.operation == "AssumeRole":
            return _credentials(str(request.parameters["RoleArn"]).split(":")[4])
        return await self._in_account(request, body.decode())

    async def _in_account(self, request: AwsRequest, body: str) -> Reply | None:
        account = request.access_key.removeprefix(_KEY)[:12]
        if account not in self._first:
            return fault_reply(request, Fault.DENIED)
        self._count(account, request.region)
        fault = self._faults.get(account, "") if request.service != "sts" else ""
        if fault == SILENT:
            await self._healed.wait()
            return None
        self._under_way[account] += 1
        self._counts.most_at_a_time = max(self._counts.most_at_a_time, self._under_way[account])
        try:
            await asyncio.sleep(self._script.latency)
            return self._answer(request, account, body, fault)
        finally:
            self._under_way[account] -= 1

    def _answer(self, request: AwsRequest, account: str, body: str, fault: str) -> Reply:
        if fault and fault != Fault.CUT_SHORT:
            return fault_reply(request, Fault(fault))
        place = self._place(account, request.region, body)
        found = self._script.answers.get(f"{request.name} {self._translation.back(place, body)}")
        if found is None:
            self._counts.unknown += 1
            return error_reply(request.service, "InternalFailure", "This was not recorded.", 500)
        content = self._translation.to(place, found.body).encode()
        if fault:
            content = content[: len(content) // 2]
        return Reply(found.status, found.content_type, content)

    def _place(self, account: str, region: str, body: str) -> Place:
        """IAM has no regions: there a VPC's id in a role's name tells the place."""
        number = self._translation.number_in(body)
        if number in self._numbered:
            return self._numbered[number]
        return self._places.get((account, region)) or self._first[account]

    def _count(self, account: str, region: str) -> None:
        now = time.monotonic()
        recent = self._recent.setdefault((account, region), deque())
        recent.append(now)
        while recent[0] <= now - 1:
            recent.popleft()
        counts = self._counts
        counts.calls += 1
        counts.most_in_a_second = max(counts.most_in_a_second, len(recent))


def _credentials(account: str) -> Reply:
    """AWS STS API Reference, AssumeRole."""
    until = (datetime.now(UTC) + timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
    xml = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>{_KEY}{account}0000</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>"
        f"<SessionToken>bench</SessionToken><Expiration>{until}</Expiration></Credentials></AssumeRoleResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>"
    )
    return Reply(200, "text/xml", xml.encode())


def _document(content: object) -> Reply:
    return Reply(200, "application/json", json.dumps(content).encode())


def _on_the_wire(reply: Reply) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nContent-Type: {reply.content_type}\r\n"
        f"Content-Length: {len(reply.body)}\r\n\r\n"
    )
    return head.encode() + reply.body


async def main(file: Path) -> None:
    """Serve until killed."""
    server = await asyncio.start_server(Echo(Script.load(file)).serve, LOOPBACK, 0, backlog=1024)
    print(f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
