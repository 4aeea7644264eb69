"""Whatever valid values fields take, whatever is deleted and made anew, and whatever error comes of it: with the old
specs all is as it was before."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from rds_enrollment.api.kinds import RDS_ENROLLMENT

from tests.chaos.arena import Arena
from tests.chaos.lives import Life
from tests.chaos.mutations import Change, Recreation, lives
from tests.chaos.workloads import CREATE

pytestmark = pytest.mark.slow

ENROLLMENTS, LIVES = (10, 50) if os.environ.get("CHAOS") == "all" else (1, 4)
"""Each enrolment lives so many lives with a change that is taken, one after another."""
EACH = settings(
    max_examples=2 * LIVES,  # of many the API server refuses every change
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller example would cost another run each
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("number", range(ENROLLMENTS))
def test_changes_that_are_taken_back_leave_no_trace(
    arena: Arena, number: int, record_property: Callable[[str, object], None]
) -> None:
    with arena.scene(CREATE) as scene:
        life = Life(arena, scene)

        @seed(number)
        @EACH
        @given(changes=lives())
        @example(changes=[Recreation(RDS_ENROLLMENT)])
        def live(changes: list[Change]) -> None:
            if life.lived < LIVES:
                life.live(changes)

        live()
    record_property("what became of the changes", dict(life.told))
    assert life.lived == LIVES
    assert set(life.told) > {"refused", "recreated"}, "some fields are changed, and some changes refused"
