"""`python -m hack.sandbox.teleport [--port N] [--aws URL] [--identity-out PATH]`: the Teleport sandbox by itself."""

import argparse
import logging
import shutil
import signal
import sys
import threading
from pathlib import Path

from hack.sandbox.aws.tasks import http_source
from hack.sandbox.teleport.server import TeleportSandbox


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with _sandbox(options) as sandbox:
            identity = _publish_identity(sandbox, options.identity_out)
            print(f"RDS_ENROLLMENT_TELEPORT_ADDRESS={sandbox.address}")
            print(f"RDS_ENROLLMENT_TELEPORT_IDENTITY={identity}", flush=True)
            stop.wait()
    except OSError as error:
        print(f"the Teleport sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def _sandbox(options: argparse.Namespace) -> TeleportSandbox:
    return TeleportSandbox(
        port=options.port,
        cluster_name=options.cluster_name,
        version=options.version,
        proxy_address=options.proxy_address,
        tasks=http_source(options.aws) if options.aws else None,
        latency=options.latency_ms / 1000,
    )


def _publish_identity(sandbox: TeleportSandbox, path: Path | None) -> Path:
    if path is None:
        return sandbox.identity_file
    path.touch(mode=0o600)
    shutil.copyfile(sandbox.identity_file, path)
    return path


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hack.sandbox.teleport", description="A Teleport auth server on 127.0.0.1 for tests and demos"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port (default)")
    parser.add_argument("--aws", metavar="URL", help="the AWS sandbox whose ECS tasks are the agents")
    parser.add_argument(
        "--identity-out", type=Path, metavar="PATH", help="where to write the bot's identity file"
    )
    parser.add_argument("--cluster-name", default="example.teleport.sh")
    parser.add_argument("--version", default="18.0.0", help="version of the auth server")
    parser.add_argument(
        "--proxy-address", default="teleport.example.com:443", help="host:port that agents know"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="milliseconds that each call takes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
