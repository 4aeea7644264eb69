"""The identity on disk, read again when it changes."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.identity import Identity, parse, unreadable

logger = logging.getLogger(__name__)

_NAME_IN_FOLDER = "identity"
"""The file that Machine ID writes (Teleport lib/tbot/config, identity output)."""

_Stamp = tuple[int, int, int]


class IdentityFile:
    """An identity file, or a folder as Machine ID writes it.

    Machine ID rewrites its file in place, so that half of one may be read. While what is on disk cannot be used, the
    identity read before it stays in use, for as long as it is valid.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """`clock` returns the current time, aware."""
        self._path = path
        self._clock = clock
        self._stamp: _Stamp | None = None
        self._read: Identity | None = None
        self._in_use: Identity | None = None
        self._complaint = ""

    def load(self) -> Identity:
        """The identity as it is on disk now: the same object as long as the file is unchanged.

        Raises Blocked: TeleportIdentityUnreadable, TeleportIdentityExpired, TeleportIdentityNotYetValid.
        """
        now = self._clock()
        try:
            identity = self._current()
            identity.check_valid(now)
        except Blocked as blocked:
            return self._earlier(blocked, now)
        self._complaint = ""
        self._in_use = identity
        return identity

    def not_after(self) -> datetime | None:
        """When the identity in use ends or ended, after a look at the disk; None before one could be read."""
        try:
            return self.load().not_after
        except Blocked:
            last = self._read or self._in_use
            return last.not_after if last else None

    def problem(self) -> str | None:
        """Why there is no identity to work with; None when there is one."""
        try:
            self.load()
        except Blocked as blocked:
            return blocked.message
        return None

    def _current(self) -> Identity:
        path = self._path
        try:
            if path.is_dir():
                path /= _NAME_IN_FOLDER
            # The stamp is taken before the content: a write in between costs one more read, never a missed change.
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read is None or stamp != self._stamp:
                self._read = parse(path.read_bytes(), path)
                self._stamp = stamp
        except OSError as error:
            raise unreadable(path, f"cannot be read ({error.strerror})") from error
        return self._read

    def _earlier(self, blocked: Blocked, now: datetime) -> Identity:
        """The identity from before, or `blocked`."""
        earlier = self._in_use
        if earlier is None:
            raise blocked
        try:
            earlier.check_valid(now)
        except Blocked:
            raise blocked from None
        if blocked.message != self._complaint:
            logger.warning("The identity read before stays in use", extra={"reason": blocked.message})
            self._complaint = blocked.message
        return earlier
