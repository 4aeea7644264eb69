"""When a state of an object was first seen by a client that watches it."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import watch
from urllib3.exceptions import ProtocolError

Object = Mapping[str, Any]


class Arrivals:
    """A watch over what one of the client library's listing methods lists. A context manager."""

    def __init__(self, listing: Callable[..., Any], *arguments: str) -> None:
        self._listing = listing
        self._arguments = arguments
        self._watch: Any = watch.Watch()  # type: ignore[no-untyped-call]
        self._ended = threading.Event()
        self._seen: queue.SimpleQueue[tuple[float, Object]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._follow, name="arrivals", daemon=True)

    def __enter__(self) -> "Arrivals":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.stop()
        self._thread.join()

    def wait(self, is_reached: Callable[[Object], bool], timeout: float = 30.0) -> float:
        """The monotonic time in seconds at which such an object first arrived since the last wait.

        Raises TimeoutError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                arrived, found = self._seen.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"not reached within {timeout:.0f} s") from None
            if is_reached(found):
                return arrived

    def _follow(self) -> None:
        try:
            for event in self._watch.stream(self._listing, *self._arguments):
                self._seen.put((time.monotonic(), event["raw_object"]))
        except ProtocolError:
            # Ending the watch shuts its socket in the middle of a read.
            if not self._ended.is_set():
                raise
