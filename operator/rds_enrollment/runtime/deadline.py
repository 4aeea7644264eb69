"""A last resort: the process ends in time, whatever still hangs."""

import logging
import os
import threading


def end_process_within(seconds: float, exit_code: int) -> None:
    """End the process after `seconds` unless it has ended by itself.

    At its exit Python waits for the threads of every executor: for a blocking call that never returns, for ever.
    """

    def end() -> None:
        logging.getLogger(__name__).warning(
            "Something still runs after %s s: the process ends without it", seconds
        )
        logging.shutdown()
        os._exit(exit_code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
