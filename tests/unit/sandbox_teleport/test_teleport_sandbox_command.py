"""The sandbox as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from rds_enrollment.teleport.wire.auth_service_pb2 import PingRequest

from tests.unit.sandbox_teleport.client import TIMEOUT, connect

ROOT = Path(__file__).parents[3]


def spawn(*arguments: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(ROOT), str(ROOT / "operator")])
    return subprocess.Popen(
        [sys.executable, "-m", "hack.sandbox.teleport", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_it_prints_where_it_is_and_stops_at_a_signal(tmp_path: Path) -> None:
    identity = tmp_path / "identity"
    with spawn(
        "--identity-out", str(identity), "--cluster-name", "demo.example", "--version", "18.2.0"
    ) as process:
        try:
            assert process.stdout is not None
            printed = dict(process.stdout.readline().strip().split("=") for _ in range(2))
            assert printed["RDS_ENROLLMENT_TELEPORT_IDENTITY"] == str(identity)
            assert identity.stat().st_mode & 0o777 == 0o600
            async with connect(printed["RDS_ENROLLMENT_TELEPORT_ADDRESS"], identity) as bot:
                answer = await bot.auth.Ping(PingRequest(), timeout=TIMEOUT)
            assert (answer.ClusterName, answer.ServerVersion) == ("demo.example", "18.2.0")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0


def test_a_taken_port_is_one_line_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = spawn("--port", str(taken.getsockname()[1]))
        _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert errors.startswith("the Teleport sandbox cannot start: ")
    assert errors.count("\n") == 1
