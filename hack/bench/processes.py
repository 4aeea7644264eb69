"""Modules of the bench as processes of their own: what does a job in a world, and what answers like AWS."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hack.bench.world import BenchWorld
from hack.sandbox.stack import ROOT


def environment(world: BenchWorld) -> dict[str, str]:
    """Of a process that finds this AWS by boto3's variables."""
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": world.stack.aws.url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "NO_PROXY": "127.0.0.1",
    }


def run_module(world: BenchWorld, module: str, region: str) -> str:
    """What a module prints that is given Teleport's address, an identity file and a region.

    Raises CalledProcessError.
    """
    teleport = world.stack.teleport
    command = [sys.executable, "-m", module, teleport.address, str(teleport.identity_file), region]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(world), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """The URL that a module prints in its first line; it serves until the end of the context."""
    command = [sys.executable, "-m", module, *arguments]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield (server.stdout.readline() if server.stdout else "").strip()
    finally:
        server.kill()
        server.wait()
