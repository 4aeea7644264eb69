"""Structured logs: one JSON object a line, or text for people; each line of a pass names its object."""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from rds_enrollment.runtime.log_levels import AREAS, parse_levels
from rds_enrollment.runtime.reconciler import Key

_object: ContextVar[Key | None] = ContextVar("object", default=None)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_LIBRARIES = {
    # Below WARNING these print request headers or bodies: signatures, session tokens, bearer tokens.
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "boto3": logging.WARNING,
    "botocore": logging.WARNING,
    "grpclib": logging.WARNING,
    "h2": logging.WARNING,
    "hpack": logging.WARNING,
    "kopf": logging.WARNING,
    "kubernetes": logging.ERROR,  # its warnings about a configuration come as errors, too
    "urllib3": logging.WARNING,
    # It warns of each connection that it closes because enough of them are open.
    "urllib3.connectionpool": logging.ERROR,
    # What ends kopf is raised to us and reported once; its own report is the same with two tracebacks.
    # The first also warns that it does not handle signals, which is intended.
    "kopf._core.reactor.running": logging.CRITICAL,
    "kopf._core.reactor.orchestration": logging.CRITICAL,
}


def about(key: Key) -> None:
    """Name `key` in every line that the current asyncio task (and what it starts) logs from here on."""
    _object.set(key)


def object_in_work() -> Key | None:
    """What `about` named; None outside a pass."""
    return _object.get()


def configure(level: str, form: Literal["json", "text"], stream: TextIO | None = None) -> None:
    """Set up the root logger. `level` is as in the setting (`log_levels.parse_levels`, which may raise ValueError);
    `stream` defaults to stderr."""
    levels = parse_levels(level)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(_name_object)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(levels.default.upper())
    for area in AREAS:
        logging.getLogger(f"rds_enrollment.{area}").setLevel(levels.areas.get(area, levels.default).upper())
    for name, floor in _LIBRARIES.items():
        logging.getLogger(name).setLevel(max(floor, root.level))


class JsonFormatter(logging.Formatter):
    """time (RFC 3339, UTC), level, logger, message, kind, namespace, name, the record's extra fields, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(_extra(record))
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return _visible(json.dumps(line, default=str, ensure_ascii=False), _in_json)


class TextFormatter(logging.Formatter):
    """The same for people: time, level, object, message, extra fields; the traceback in indented lines below."""

    def format(self, record: logging.LogRecord) -> str:
        extra = _extra(record)
        key = " ".join(str(extra.pop(field)) for field in ("kind", "namespace", "name") if field in extra)
        text = f"{_time(record)} {record.levelname:<7} {key + ': ' if key else ''}{record.getMessage()}"
        text = _visible(text + "".join(f" {field}={value}" for field, value in extra.items()), _in_text)
        if record.exc_info:
            text += _indented("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return text


def _name_object(record: logging.LogRecord) -> bool:
    """A filter, as a formatter may run in another context than the call that logs."""
    record.object_key = _object.get()
    return True


def _visible(text: str, escape: Callable[[str], str]) -> str:
    """Control characters as escapes: what is quoted can neither begin a line of its own nor speak to a terminal."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else escape(character) for character in text)


def _in_text(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _in_json(character: str) -> str:
    """json.dumps leaves DEL, the controls above ASCII and line separators as they are."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True))


def _indented(lines: str) -> str:
    """What follows a record's line: an exception's message may hold line breaks, and would else forge a record."""
    return "".join(f"\n  {_visible(line, _in_text)}" for line in lines.split("\n"))


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    key = fields.pop("object_key", None)
    if isinstance(key, Key):
        fields = {"kind": key.kind, "namespace": key.namespace, "name": key.name} | fields
    return fields
