"""Builds the binaries of `hack/controlplane` once for all processes on this machine."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hack.sandbox.controlplane import gotoolchain
from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.progress import report

MODULE = Path(__file__).resolve().parents[2] / "controlplane"

_HEARTBEAT_SECONDS = 30
_LOG_LINES = 8


def ensure_built(names: Sequence[str], folder: Path, toolchain_folder: Path) -> None:
    """Put the named binaries of the Go module into `folder`, unless they are there.

    Each appears whole or not at all, so that an interrupted build resumes where it stopped. A second
    process that wants the same waits for the first.

    Raises:
        ControlPlaneError: no Go toolchain can be had, or a build failed (with the end of its output).
    """
    if not _missing(names, folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder.parent / f"{folder.name}.lock"):
        missing = _missing(names, folder)
        if missing:
            go = gotoolchain.find_go(required_go(MODULE / "go.mod"), toolchain_folder)
            for position, name in enumerate(missing, start=1):
                _build(go, name, folder, f"{name} ({position} of {len(missing)})")


def required_go(go_mod: Path) -> tuple[int, ...]:
    """The Go release that the module asks for, by the `go` line of its go.mod."""
    return tuple(int(part) for part in _match(r"^go (\d+(?:\.\d+)*)$", go_mod).split("."))


def kubernetes_version(go_mod: Path) -> str:
    """The Kubernetes release that the module builds, such as `v1.36.3`."""
    return _match(r"^\s*k8s\.io/kubernetes (v\S+)$", go_mod)


def _match(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if found is None:
        raise ControlPlaneError(f"{path} has no line like {pattern}")
    return found[1]


def _missing(names: Sequence[str], folder: Path) -> list[str]:
    return [name for name in names if not (folder / name).is_file()]


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process builds the control plane; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(go: Path, name: str, folder: Path, title: str) -> None:
    started = time.monotonic()
    report(f"building {title}: once on this machine, some minutes in all")
    scratch = Path(tempfile.mkdtemp(prefix=".build-", dir=folder))
    try:
        _go_build(go, name, scratch, title)
        (scratch / name).replace(folder / name)
    finally:
        shutil.rmtree(scratch)
    report(f"built {title} in {time.monotonic() - started:.0f} s")


def _go_build(go: Path, name: str, scratch: Path, title: str) -> None:
    version = kubernetes_version(MODULE / "go.mod")
    command = [
        os.fspath(go),
        "build",
        "-trimpath",
        "-buildvcs=false",
        f"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion={version}",
        f"-o={scratch / name}",
        f"./cmd/{name}",
    ]
    # Without cgo the result does not depend on a C compiler or its library.
    environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    log = scratch / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=MODULE, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        code = _wait(process, title)
    if code != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
        raise ControlPlaneError(f"go build of {name} ended with code {code}:\n{tail}")


def _wait(process: subprocess.Popen[bytes], title: str) -> int:
    """Wait for the compiler, saying from time to time that it still works; end it when interrupted."""
    started = time.monotonic()
    try:
        while True:
            try:
                return process.wait(timeout=_HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                report(f"still building {title}: {time.monotonic() - started:.0f} s")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
