"""Child processes that never outlive this one, with their output in a file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 12
_POLL_SECONDS = 0.01


class GuardedProcess:
    """A command started at once, whose output is appended to `log`.

    It is killed by `stop`, and when this process dies.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        with log.open("a") as output:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environment,
                # Ctrl-C reaches the whole process group of a terminal; only the starter shall decide.
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """The code with which the command ended (128 plus a signal's number); None while it runs."""
        return self._guard.poll()

    def terminate(self) -> None:
        """Ask the command to end (SIGTERM)."""
        self._guard.terminate()

    def pause(self) -> None:
        """Stop the command where it is (SIGSTOP), and return when all of it has stopped."""
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)
        while not _ps("-o", "state=", "-p", str(pid)).strip().startswith("T"):
            time.sleep(_POLL_SECONDS)

    def resume(self) -> None:
        """Let a command that was paused go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, timeout: float) -> int:
        """The code with which the command ended.

        Raises:
            TimeoutExpired: it has not ended within `timeout` seconds.
        """
        return self._guard.wait(timeout)

    def log_tail(self) -> str:
        """The last lines of the command's output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    def stop(self) -> None:
        """Kill the command and wait until it has gone; safe to repeat."""
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()

    @property
    def pid(self) -> int:
        """The command's process id. Raises ProcessLookupError, with its last words, when it has ended."""
        for line in _ps("-A", "-o", "ppid=,pid=").splitlines():
            parent, pid = map(int, line.split())
            if parent == self._guard.pid:
                return pid
        raise ProcessLookupError(f"{self.name} has ended:\n{self.log_tail()}")


def _ps(*arguments: str) -> str:
    """What POSIX's ps prints; nothing for a process that is gone."""
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout  # noqa: S607
