"""Child processes that never outlive this one, with their output in a file."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 12


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
