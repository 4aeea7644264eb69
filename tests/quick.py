"""Of a long list of cases some are quick, for `make test`; the others are marked slow, for `make test-all`."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import pytest

Case = TypeVar("Case")


def some_quick(cases: Iterable[Case], is_quick: Callable[[Case], bool]) -> list[Any]:
    """All cases, for `parametrize`. Raises ValueError when none is quick: `make test` would test nothing."""
    decided = [(case, is_quick(case)) for case in cases]
    if not any(quick for _, quick in decided):
        raise ValueError("no case is quick")
    return [case if quick else pytest.param(case, marks=pytest.mark.slow) for case, quick in decided]


def first_of_each(cases: Iterable[Case], kind: Callable[[Case], Hashable]) -> list[Any]:
    """All cases, for `parametrize`: the first of each kind is quick."""
    seen: set[Hashable] = set()

    def is_new(case: Case) -> bool:
        known = kind(case) in seen
        seen.add(kind(case))
        return not known

    return some_quick(cases, is_new)
