"""What a process has in memory."""

from hack.sandbox.proc import KIBIBYTE, status_number


def resident_memory(pid: int | str) -> int:
    """VmRSS of proc(5), in bytes. `self` is this process. Raises OSError when there is none such."""
    return status_number(pid, "VmRSS") * KIBIBYTE
