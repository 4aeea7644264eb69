"""The profile of a pass over ten thousand databases, of an early version beside this one."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from hack.bench.discovery import COUNT, page_server
from hack.bench.profiled.one_pass import Function, Profile
from hack.bench.samples import Figure, Table
from hack.sandbox.stack import ROOT

BEFORE = "5e8d0b2^"
"""The commit before the first one that a profile gave rise to."""
_TOP = 12


def measure() -> list[Figure | Table]:
    """One table each; the CPU without the profiler, which makes short functions look longer than they are."""
    with page_server(COUNT) as url:
        with TemporaryDirectory() as folder:
            _extract(BEFORE, Path(folder))
            before = _profile(url, Path(folder) / "operator")
        after = _profile(url, ROOT / "operator")
    return [
        Figure("CPU of a pass before, without the profiler", f"{before.cpu:.1f} s", "reported"),
        Figure("CPU of a pass now", f"{after.cpu:.1f} s", "reported"),
        _table("before", before),
        _table("now", after),
    ]


def _extract(commit: str, folder: Path) -> None:
    """The operator's source of a commit. Raises CalledProcessError where the history does not reach back so far."""
    archive = subprocess.run(
        ["git", "archive", commit, "operator"],  # noqa: S607
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")


def _profile(url: str, source: Path) -> Profile:
    command = [sys.executable, "-m", "hack.bench.profiled.one_pass", url]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    return Profile(found["cpu"], [Function(**fields) for fields in found["functions"]])


def _table(which: str, profile: Profile) -> Table:
    whole = sum(function.own for function in profile.functions)
    rows = [
        [
            f"`{function.name}`",
            f"{function.calls:,}",
            f"{function.own:.2f} s",
            f"{100 * function.own / whole:.0f} %",
            f"{function.total:.2f} s",
        ]
        for function in profile.functions[:_TOP]
    ]
    head = (f"{which}: of {whole:.1f} s under the profiler", "calls", "own time", "share", "with callees")
    return Table(head, rows)
