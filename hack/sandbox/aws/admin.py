"""`/_sandbox/…`: what a sandbox in its own process tells and does beside the AWS API."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

from hack.sandbox.aws.calls import CallLog
from hack.sandbox.aws.tasks import Reachability, RunningTask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/_sandbox/"

Query = dict[str, str]


class Sandbox(Protocol):
    """The side of `AwsSandbox` that is reachable here."""

    @property
    def calls(self) -> CallLog: ...
    def reset(self) -> None: ...
    def running_tasks(self) -> list[RunningTask]: ...
    def reachable(self, task_arn: str, host: str, port: int) -> Reachability: ...
    def admitted(self, task_arn: str, host: str, user: str) -> bool: ...
    def write_log(self, task_arn: str, line: str) -> None: ...


class AdminLayer:
    """Answers `/_sandbox/` as JSON and passes everything else on."""

    def __init__(self, application: "WSGIApplication", sandbox: Sandbox) -> None:
        self._application = application
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Query], dict[str, Any]]] = {
            ("GET", "calls"): self._calls,
            ("POST", "reset"): self._reset,
            ("GET", "tasks"): self._tasks,
            ("GET", "reachable"): self._reachable,
            ("GET", "admits"): self._admits,
            ("POST", "log"): self._log,
        }

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._application(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, document = self._answer(environ["REQUEST_METHOD"], path.removeprefix(PREFIX), environ)
        body = json.dumps(document).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(
        self, method: str, path: str, environ: "WSGIEnvironment"
    ) -> tuple[HTTPStatus, dict[str, Any]]:
        route = self._routes.get((method, path))
        if route is None:
            return HTTPStatus.NOT_FOUND, {"error": f"no {method} {PREFIX}{path}"}
        query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        try:
            return HTTPStatus.OK, route(query)
        except (KeyError, ValueError) as error:
            return HTTPStatus.BAD_REQUEST, {"error": f"missing or wrong query parameter: {error}"}

    def _calls(self, _: Query) -> dict[str, Any]:
        log = self._sandbox.calls
        return {"counts": dict(log.counts), "writes": [asdict(write) for write in log.writes]}

    def _reset(self, _: Query) -> dict[str, Any]:
        self._sandbox.reset()
        return {}

    def _tasks(self, _: Query) -> dict[str, Any]:
        return {"tasks": [task.to_json() for task in self._sandbox.running_tasks()]}

    def _reachable(self, query: Query) -> dict[str, Any]:
        return asdict(self._sandbox.reachable(query["task"], query["host"], int(query["port"])))

    def _admits(self, query: Query) -> dict[str, Any]:
        return {"admitted": self._sandbox.admitted(query["task"], query["host"], query["user"])}

    def _log(self, query: Query) -> dict[str, Any]:
        self._sandbox.write_log(query["task"], query["line"])
        return {}
