"""The fence: closed at first, open for a time, and never again afterwards."""

import subprocess
import sys
import time

import pytest
from rds_enrollment.runtime.fence import Fence, NotLeadingError, seconds_since_boot, unguarded


def test_it_is_closed_at_first() -> None:
    fence = Fence(lambda: 0.0)
    assert not fence.is_open
    with pytest.raises(NotLeadingError):
        fence.check()


def test_it_is_open_until_its_deadline_and_never_again() -> None:
    seconds = [0.0]
    fence = Fence(lambda: seconds[0])
    fence.open_until(10.0)
    seconds[0] = 9.9
    fence.check()
    fence.open_until(19.9)
    seconds[0] = 19.9
    assert fence.has_expired
    with pytest.raises(NotLeadingError):
        fence.check()
    fence.open_until(100.0)
    assert not fence.is_open


def test_what_is_closed_stays_closed() -> None:
    fence = Fence(lambda: 0.0)
    fence.open_until(10.0)
    fence.close()
    fence.open_until(20.0)
    assert not fence.is_open
    assert not fence.has_expired


def test_the_clock_does_not_go_back() -> None:
    first = seconds_since_boot()
    assert seconds_since_boot() >= first >= time.monotonic() - 1.0


def test_without_a_fence_everything_passes() -> None:
    unguarded()


def test_what_has_expired_cannot_be_closed_in_time() -> None:
    seconds = [0.0]
    fence = Fence(lambda: seconds[0])
    fence.open_until(1.0)
    seconds[0] = 1.0
    fence.close()
    assert not fence.was_closed


PROGRAM = """
import time
from rds_enrollment.runtime.deadline import end_process_after_fence
from rds_enrollment.runtime.fence import Fence, seconds_since_boot
fence = Fence(seconds_since_boot)
fence.open_until(seconds_since_boot() + 0.5)
end_process_after_fence(fence, 0.5, seconds_since_boot)
print("begun", flush=True)
{then}
"""


def ended(then: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(then=then)],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_a_process_that_is_stuck_ends_after_its_deadline() -> None:
    stuck = ended("time.sleep(60)")  # longer than it is waited for
    assert (stuck.returncode, stuck.stdout) == (1, "begun\n"), stuck.stderr


def test_a_process_that_closed_its_fence_in_time_ends_in_its_own_time() -> None:
    own = ended("fence.close(); time.sleep(1.5); print('done')")
    assert (own.returncode, own.stdout) == (0, "begun\ndone\n"), own.stderr
