"""One PostgreSQL server on loopback, set up as RDS sets up its own (Amazon RDS User Guide, "IAM database
authentication"): members of `rds_iam` come with a token of IAM, all others with a password.

The token is checked by whoever connects for RDS: a member of `rds_iam` is let in. Everybody else is asked for a
password, and nobody has one.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hack.sandbox.postgresql.binaries import PostgresqlError, Programs, locate

LOOPBACK = "127.0.0.1"
IAM_ROLE = "rds_iam"
_SUPERUSER = "rdsadmin"
_NOBODY = "nobody"
_HBA = f"""local all {_SUPERUSER} trust
host all +{IAM_ROLE} {LOOPBACK}/32 trust
host all all {LOOPBACK}/32 password
"""
_SETTINGS = ("fsync=off", "shared_buffers=16MB", "max_connections=20", f"listen_addresses={LOOPBACK}")
_START_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class PostgresqlServer:
    """A context manager; its data are gone afterwards. PostgreSQL does not run as root: for root it is `nobody`."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="postgresql-")
        self._port = 0
        self._programs = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Raises PostgresqlError."""
        try:
            self._start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._folder.cleanup()

    @property
    def address(self) -> str:
        """host:port"""
        return f"{LOOPBACK}:{self._port}"

    def run(self, statement: str) -> None:
        """Execute SQL as the superuser, outside of a transaction. Raises PostgresqlError."""
        folder = str(self._root)
        options = [
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            f"--host={folder}",
            f"--port={self._port}",
        ]
        self._run("psql", *options, f"--username={_SUPERUSER}", "--dbname=postgres", f"--command={statement}")

    @property
    def _root(self) -> Path:
        return Path(self._folder.name)

    @property
    def _log(self) -> Path:
        return self._root / "log"

    def _start(self) -> None:
        self._programs = self._readable(locate()).folder
        data = self._root / "data"
        self._run(
            "initdb",
            f"--pgdata={data}",
            f"--username={_SUPERUSER}",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        )
        (data / "pg_hba.conf").write_text(_HBA)
        self._port = _free_port()
        options = [f"-c{item}" for item in (*_SETTINGS, f"unix_socket_directories={self._root}")]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", data, "-p", str(self._port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_unprivileged(),
            )
        self._wait()
        self.run(f"create role {IAM_ROLE} nologin")

    def _readable(self, programs: Programs) -> Programs:
        """Where `nobody` can read them: root's cache is closed to others."""
        if os.geteuid() != 0:
            return programs
        shutil.chown(self._root, _NOBODY)
        return programs.copied_to(self._root / "installed")

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.run("select 1")
            except PostgresqlError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise PostgresqlError(f"the server did not start:\n{self._log.read_text()}") from None
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, **_unprivileged())
        if answer.returncode != 0:
            raise PostgresqlError(f"{program}: {answer.stderr.strip()}")


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _unprivileged() -> dict[str, Any]:
    """Options of a process that is not root's."""
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": pwd.getpwnam(_NOBODY).pw_gid, "extra_groups": []}
