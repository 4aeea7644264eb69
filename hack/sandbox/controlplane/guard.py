"""Runs one command and kills it when whoever started this guard has gone, even by SIGKILL.

SIGTERM is passed on to the command.
The guard's stdin is a pipe whose other end only the starter holds: the kernel closes it with the starter.
(Linux's PR_SET_PDEATHSIG follows the starting thread instead of the process, and exists on no other system.)
Run as a file, with the standard library alone: it has to start fast.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Return the command's exit code; 128 plus the signal's number when one killed it, as a shell does."""
    early: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: early.append(number))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    if early:
        child.terminate()
    threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _kill_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    # Straight from the kernel: a buffered reader holds a lock that the interpreter's own end would trip over.
    while os.read(sys.stdin.fileno(), 1):
        pass
    child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
