"""kopf in a thread of its own.

When kopf ends it cancels every asyncio task of its loop that began after it, and it takes over the loop's signal
handlers; with a loop of its own neither touches ours.
"""

import asyncio
import contextlib
import threading

import kopf


class WatchThread:
    """Runs kopf until `stop`, or until kopf gives up. `namespaces`: those to watch; empty: all."""

    def __init__(
        self, registry: kopf.OperatorRegistry, settings: kopf.OperatorSettings, *, namespaces: tuple[str, ...]
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._namespaces = namespaces
        self._home = asyncio.get_running_loop()
        self._ended: asyncio.Future[BaseException | None] = self._home.create_future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        # A daemon: a kopf that hangs does not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    async def ended(self) -> BaseException | None:
        """Wait until kopf has ended; returns why, or None when it was stopped."""
        return await asyncio.shield(self._ended)

    async def stop(self, timeout: float) -> bool:  # noqa: ASYNC109 - a bound on kopf's own ending
        """Ask kopf to end. False when it has not within `timeout` seconds."""
        if self._loop is not None and self._stop is not None and not self._ended.done():
            self._loop.call_soon_threadsafe(self._stop.set)
        done, _ = await asyncio.wait({self._ended}, timeout=timeout)
        return bool(done)

    def _run(self) -> None:
        reason: BaseException | None = None
        try:
            asyncio.run(self._watch())
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, whatever it is
            reason = error
        with contextlib.suppress(RuntimeError):  # our loop is closed: nobody waits any more
            self._home.call_soon_threadsafe(self._finish, reason)

    async def _watch(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await kopf.operator(
            registry=self._registry,
            settings=self._settings,
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
        )

    def _finish(self, reason: BaseException | None) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)
