"""Operations and the table of AWS permissions: each that is recorded has a row, and each row's is recorded.

The tests run in several processes. Each appends what it recorded to a file of its own in a folder that they share, and
the process that began the run looks at its end whether an operation is missing: only if all tests ran, and passed.
"""

import os
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.plan.permissions.table import NEEDS

FOLDER = "RECORDED_AWS_CALLS"
"""Environment variable that leads processes of a run to the folder."""
UNSIGNED = {"sts:AssumeRoleWithWebIdentity"}
"""What no policy has to allow: the SDK sends it by itself, and the trust of the role decides."""
_SELECTING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "maxfail", "collectonly")
"""Options that leave tests out."""


def record(operations: Iterable[str]) -> None:
    """Remember what a sandbox has served (`service:Operation`). Raises AssertionError: the table has no row for one."""
    found = set(operations)
    unknown = found - NEEDS.keys() - UNSIGNED
    assert not unknown, f"the table of AWS permissions has no row for {sorted(unknown)}"
    if FOLDER in os.environ:
        with (Path(os.environ[FOLDER]) / str(os.getpid())).open("a") as file:
            file.writelines(f"{operation}\n" for operation in sorted(found))


class RecordedCalls:
    """A plugin for the process that begins a run: `expected` operations have to be recorded at least once."""

    def __init__(self, expected: Iterable[str], config: pytest.Config) -> None:
        self._expected = frozenset(expected)
        self._config = config
        self._missing: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="recorded-aws-calls-")
        os.environ[FOLDER] = self._folder.name

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int
    ) -> Generator[None, object, object]:
        """Before the summary is written, and once all workers are done."""
        if exitstatus == pytest.ExitCode.OK and self._is_whole():
            self._missing = sorted(self._expected - self._recorded())
            if self._missing:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._missing:
            terminalreporter.section("AWS operations that no test causes", red=True)
            terminalreporter.line(
                f"The table of permissions has rows for them: {', '.join(self._missing)}. Write a test that causes "
                f"them, or take the rows out.",
                red=True,
            )

    def pytest_unconfigure(self) -> None:
        del os.environ[FOLDER]
        self._folder.cleanup()

    def _recorded(self) -> set[str]:
        files = Path(self._folder.name).iterdir()
        return {operation for file in files for operation in file.read_text().splitlines()}

    def _is_whole(self) -> bool:
        if self._config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
            return False
        return not any(getattr(self._config.option, name, None) for name in _SELECTING)
