"""The operator's process with reconcilers that only do what an object's name says; run as a script.

`hangs…` never ends its pass, `blocks…` blocks a thread for a minute, `fails…` raises. Everything else is the
product's own: settings, logs, HTTP, queue, watch, signals.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.parts import Open, Parts
from rds_enrollment.run import run
from rds_enrollment.runtime import logging as logs
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.reconciler import Key, Reconciler, Result
from rds_enrollment.runtime.settings import load


class ByName:
    """See above."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def reconcile(self, key: Key) -> Result:
        if key.name.startswith("hangs"):
            await asyncio.Event().wait()
        if key.name.startswith("blocks"):
            await self._parts.threads.run(threading.Event().wait, 60)
        if key.name.startswith("fails"):
            raise KeyError(key.name)
        return Result()


def build(parts: Parts) -> Open:
    @asynccontextmanager
    async def opened(_: str) -> AsyncIterator[Mapping[str, Reconciler]]:
        yield dict.fromkeys(KINDS, ByName(parts))

    return opened


def main() -> None:
    settings = load({})
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(run(settings, build))
    except FatalError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
