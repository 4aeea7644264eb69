"""What the kernel tells of a process."""

from pathlib import Path

KIBIBYTE = 2**10
MEBIBYTE = 2**20


def status_number(pid: int | str, name: str) -> int:
    """A number in /proc/PID/status (proc(5)), without its unit. `self` is this process.

    Raises OSError when there is no such process, StopIteration when it has no such line.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
