"""What a process has in memory."""

from pathlib import Path

_KIBIBYTE = 1024


def resident_memory(pid: int | str) -> int:
    """VmRSS of proc(5), in bytes. `self` is this process. Raises OSError when there is none such."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmRSS"))
    return int(found.split()[1]) * _KIBIBYTE
