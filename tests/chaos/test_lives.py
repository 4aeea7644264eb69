"""Whatever valid value a field takes, and whatever error comes of it: with its old value all is as it was before."""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings

from tests.chaos.arena import Arena
from tests.chaos.lives import Life
from tests.chaos.mutations import Mutation, mutations
from tests.chaos.workloads import CREATE

LIVES = 500 if os.environ.get("CHAOS") == "all" else 10
EACH = settings(
    max_examples=LIVES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a smaller example would cost another run each
    suppress_health_check=list(HealthCheck),
)


def test_a_field_that_changes_and_changes_back_leaves_no_trace(
    arena: Arena, record_property: Callable[[str, object], None]
) -> None:
    with arena.scene(CREATE) as scene:
        life = Life(arena, scene)

        @EACH
        @given(mutation=mutations())
        def change_and_back(mutation: Mutation) -> None:
            life.change_and_back(mutation)

        change_and_back()
    record_property("what became of the changes", dict(life.told))
    assert set(life.told) > {"refused"}, "some are refused, and some are not"
