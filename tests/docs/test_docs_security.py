"""SECURITY.md names a test for each way that an attacker may try, and each of them exists."""

import re

from tests.docs.blocks import ROOT

_ROW = re.compile(r"^\| (?P<vector>[^|]+) \| (?P<tests>`tests/[^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = list(_ROW.finditer((ROOT / "SECURITY.md").read_text()))
REACHED_FOR = ("role", "integration", "join token", "name of a database", "resource in AWS")
INJECTED = ("Label", "Template", "YAML", "Shell", "Log")


def test_every_test_that_is_named_exists() -> None:
    named = [found for row in ROWS for found in _TEST.findall(row["tests"])]
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or not re.search(rf"def {name}\(", (ROOT / path).read_text())
    ]
    assert missing == []


def test_every_row_names_a_test() -> None:
    assert [row["vector"] for row in ROWS if not _TEST.search(row["tests"])] == []


def test_no_vector_is_forgotten() -> None:
    vectors = [row["vector"] for row in ROWS]
    for thing in REACHED_FOR:
        assert any(vector.startswith("A tenant") and thing in vector for vector in vectors), thing
    for kind in INJECTED:
        assert any(vector.startswith(f"{kind} injection") for vector in vectors), kind
