"""The end of a whole run: it fails when a row of the table of permissions is one that no test has needed."""

from pathlib import Path

import pytest

from tests.recorded_calls import FOLDER, record

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = ("iam:GetRole", "iam:CreateRole")
CONFTEST = f"""
import os
from tests.recorded_calls import FOLDER, RecordedCalls

def pytest_configure(config):
    if FOLDER not in os.environ:
        config.pluginmanager.register(RecordedCalls({EXPECTED!r}, config))
"""
TESTS = """
from tests.recorded_calls import record

def test_one():
    record({"iam:GetRole"})

def test_other():
    record({"iam:GetRole", "iam:CreateRole"})
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Two tests that need both rows; runs of its own, apart from this one."""
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take long to load
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'operator'}")
    pytester.makeini("[pytest]\ntestpaths = suite")
    suite = pytester.mkdir("suite")
    (suite / "conftest.py").write_text(CONFTEST)
    (suite / "test_calls.py").write_text(TESTS)
    return pytester


def test_a_whole_run_shows_every_row_whichever_worker_needs_it(project: pytest.Pytester) -> None:
    project.runpytest_subprocess("-pxdist", "-n2", "--dist=load").assert_outcomes(passed=2)
    (project.path / "suite" / "test_calls.py").write_text(TESTS.replace('"iam:CreateRole"', '"iam:TagRole"'))
    lacking = project.runpytest_subprocess()
    lacking.assert_outcomes(passed=2)
    assert lacking.ret == pytest.ExitCode.TESTS_FAILED
    lacking.stdout.fnmatch_lines(["*rows for them: iam:CreateRole. Write a test*"])


def test_a_part_of_the_tests_need_not(project: pytest.Pytester) -> None:
    assert project.runpytest_subprocess("-ktest_one").ret == 0


def test_an_operation_without_a_row_is_an_error() -> None:
    with pytest.raises(AssertionError, match=r"no row for .*s3:GetObject"):
        record({"iam:GetRole", "s3:GetObject"})
