"""Last resorts: the process ends in time, whatever still hangs."""

import logging
import os
import threading
from collections.abc import Callable

from rds_enrollment.runtime.fence import Fence

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""A thread's own wait does not count the time in which the machine was suspended: it looks at the clock this often."""


def end_process_within(seconds: float, exit_code: int) -> None:
    """End the process after `seconds` unless it has ended by itself.

    At its exit Python waits for the threads of every executor: for a blocking call that never returns, for ever.
    """

    def end() -> None:
        logger.warning("Something still runs after %s s: the process ends without it", seconds)
        _end(exit_code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def end_process_after_fence(fence: Fence, grace: float, clock: Callable[[], float]) -> None:
    """End the process `grace` seconds after the fence has closed by itself, even when the event loop is stuck.

    A process that closes it in time ends in its own time.

    `fence` is open; `clock` is its clock.
    """

    def watch() -> None:
        while not fence.was_closed:
            remaining = (fence.deadline or 0.0) + grace - clock()
            if remaining <= 0:
                logger.error("The Lease was not renewed in time: the process ends")
                _end(1)
            threading.Event().wait(min(remaining, _LOOK_SECONDS))

    threading.Thread(target=watch, name="lease deadline", daemon=True).start()


def _end(exit_code: int) -> None:
    logging.shutdown()
    os._exit(exit_code)
