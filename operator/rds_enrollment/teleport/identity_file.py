"""The identity on disk, read again when it changes."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rds_enrollment.teleport.identity import Identity, parse, unreadable

_NAME_IN_FOLDER = "identity"
"""The file that Machine ID writes (Teleport lib/tbot/config, identity output)."""

_Stamp = tuple[int, int, int]


class IdentityFile:
    """An identity file, or a folder as Machine ID writes it."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """`clock` returns the current time, aware."""
        self._path = path
        self._clock = clock
        self._stamp: _Stamp | None = None
        self._identity: Identity | None = None

    def load(self) -> Identity:
        """The identity as it is on disk now: the same object as long as the file is unchanged.

        Raises Blocked: TeleportIdentityUnreadable, TeleportIdentityExpired.
        """
        path = self._path
        try:
            if path.is_dir():
                path /= _NAME_IN_FOLDER
            identity = self._current(path)
        except OSError as error:
            raise unreadable(path, f"cannot be read ({error.strerror})") from error
        identity.check_valid(self._clock())
        return identity

    def _current(self, path: Path) -> Identity:
        # The stamp is taken before the content: a write in between costs one more read, never a missed change.
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._identity is None or stamp != self._stamp:
            self._identity = parse(path.read_bytes(), path)
            self._stamp = stamp
        return self._identity
