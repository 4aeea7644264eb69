"""`python -m hack.sandbox.aws --port 4566 [--demo-world]`: the AWS sandbox by itself."""

import argparse
import logging
import signal
import sys
import threading

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import World


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with AwsSandbox(port=options.port, latency=options.latency_ms / 1000) as sandbox:
            if options.demo_world:
                World(sandbox.url).demo_world(options.region)
            print(f"AWS_ENDPOINT_URL={sandbox.url}", flush=True)
            stop.wait()
    except OSError as error:
        print(f"cannot listen on 127.0.0.1:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="hack.sandbox.aws", description="AWS on 127.0.0.1 for tests and demos"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port (default)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="milliseconds that each AWS call takes")
    parser.add_argument("--demo-world", action="store_true", help="start with a VPC and databases")
    parser.add_argument("--region", default="us-west-1", help="region of the demo world")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
