"""Log lines: one JSON object each, with the object they are about and nothing secret."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import rds_enrollment
from rds_enrollment.runtime import logging as logs
from rds_enrollment.runtime.log_levels import AREAS, parse_levels
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.runtime.threads import ThreadPool

KEY = Key("RdsEnrollment", "teleport", "prod")
HOSTILE = "fine\n2026-01-01 ERROR forged\r\x1b[2J\x7f\x85\x9b2J\u2028\u202e\udc80\U000e0041%s {0}"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_fields(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    logging.getLogger("a.b").info("Wrote %s", "it\nall", extra={"step": "CreateRole"})
    (line,) = lines(stream)
    assert line["time"].endswith("Z")
    del line["time"]
    assert line == {"level": "info", "logger": "a.b", "message": "Wrote it\nall", "step": "CreateRole"}


async def test_lines_of_a_pass_name_its_object_even_from_threads(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    pool = ThreadPool(1)

    async def a_pass() -> None:
        logs.about(KEY)
        await pool.run(logging.getLogger("aws").info, "from a thread")

    await asyncio.create_task(a_pass())
    logging.getLogger("x").info("outside")
    pool.close()
    inside, outside = lines(stream)
    assert (inside["kind"], inside["namespace"], inside["name"]) == ("RdsEnrollment", "teleport", "prod")
    assert "kind" not in outside


def test_a_traceback_stays_within_its_line(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    try:
        int("broken")
    except ValueError:
        logging.getLogger("x").exception("A bug")
    (line,) = lines(stream)
    assert "ValueError: invalid literal" in line["traceback"]


async def test_the_text_form_leads_with_the_object(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)

    async def a_pass() -> None:
        logs.about(KEY)
        logging.getLogger("x").warning("Odd", extra={"count": 2})

    await asyncio.create_task(a_pass())
    assert stream.getvalue().endswith(" WARNING RdsEnrollment teleport prod: Odd count=2\n")


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_is_quoted_never_makes_a_line_or_speaks_to_a_terminal(
    stream: io.StringIO, form: Literal["json", "text"]
) -> None:
    logs.configure("info", form, stream)
    logging.getLogger("x").warning("AWS says: %s", HOSTILE, extra={"target": HOSTILE})
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    assert line.count("%s {0}") == 2
    if form == "json":
        assert json.loads(line)["target"] == HOSTILE


def log_a_hostile_bug() -> None:
    try:
        raise_hostile()
    except RuntimeError:
        logging.getLogger("x").exception("A bug")


def raise_hostile() -> None:
    try:
        int("broken")
    except ValueError as error:
        error.add_note(HOSTILE)
        raise RuntimeError(HOSTILE) from error


def test_a_traceback_never_makes_a_record_or_speaks_to_a_terminal(stream: io.StringIO) -> None:
    logs.configure("info", "text", stream)
    log_a_hostile_bug()
    record, *lines = stream.getvalue().splitlines()
    assert record.endswith(" ERROR   A bug")
    assert lines.count("  Traceback (most recent call last):") == 2
    assert [line for line in lines if not line.startswith("  ")] == []
    assert [line for line in lines if not line.isprintable()] == []
    assert sum("ERROR forged" in line for line in lines) == 2


def test_a_traceback_in_json_stays_within_its_line_whatever_it_quotes(stream: io.StringIO) -> None:
    logs.configure("info", "json", stream)
    log_a_hostile_bug()
    (written,) = stream.getvalue().splitlines()
    assert written.isprintable()
    assert json.loads(written)["traceback"].count(HOSTILE) == 2


@pytest.mark.parametrize(
    "name", ["botocore.endpoint", "urllib3.connectionpool", "hpack.hpack", "grpclib", "aiohttp.access"]
)
def test_libraries_that_print_headers_stay_silent_even_at_debug(stream: io.StringIO, name: str) -> None:
    logs.configure("debug", "json", stream)
    logging.getLogger(name).debug("Authorization: secret")
    logging.getLogger(name).info("Authorization: secret")
    logging.getLogger("rds_enrollment.x").debug("ours")
    assert [line["message"] for line in lines(stream)] == ["ours"]


def test_an_area_has_its_own_level(stream: io.StringIO) -> None:
    logs.configure("warning,aws=debug", "json", stream)
    logging.getLogger("rds_enrollment.aws.calls").debug("an answer")
    logging.getLogger("rds_enrollment.teleport.calls").info("not shown")
    assert [line["message"] for line in lines(stream)] == ["an answer"]
    logs.configure("info", "json", stream)
    logging.getLogger("rds_enrollment.aws.calls").debug("no longer shown")
    assert len(lines(stream)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("loud", "'loud' is no level"), ("moon=info", "'moon' is no area"), ("", "'' is no level")],
)
def test_a_wrong_level_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_levels(text)


def test_every_package_that_logs_is_an_area() -> None:
    sources = Path(rds_enrollment.__file__).parent
    logging_ones = {
        path.relative_to(sources).parts[0]
        for path in sources.rglob("*.py")
        if "getLogger(__name__)" in path.read_text() and path.parent != sources
    }
    assert logging_ones <= set(AREAS)
