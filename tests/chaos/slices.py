"""Which plans run: all of them in `make chaos`, a slice in `make test-all`."""

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

Plan = TypeVar("Plan")


def chosen(plans: Sequence[Plan], in_slice: Callable[[Plan], bool]) -> Sequence[Plan]:
    """The plans of this run. Raises ValueError when the slice is empty: it would test nothing."""
    if os.environ.get("CHAOS") == "all":
        return plans
    picked = [plan for plan in plans if in_slice(plan)]
    if not picked:
        raise ValueError("no plan is in the slice")
    return picked
