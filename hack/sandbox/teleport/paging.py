"""Pages of a list, as Teleport cuts them: a page's key is the first key of the next page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hack.sandbox.teleport.errors import bad_parameter

DEFAULT_PAGE_SIZE = 1000
"""Teleport api/defaults, DefaultChunkSize."""

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    items: Sequence[T]
    next_key: str
    """Empty on the last page."""


def page(items: Sequence[T], key: Callable[[T], str], start_key: str, limit: int) -> Page[T]:
    """The page of `items` (sorted by `key`) from `start_key` on. Raises INVALID_ARGUMENT for a negative limit."""
    if limit < 0:
        raise bad_parameter(f"limit {limit} is negative")
    size = limit or DEFAULT_PAGE_SIZE
    rest = [each for each in items if key(each) >= start_key]
    next_key = key(rest[size]) if len(rest) > size else ""
    return Page(rest[:size], next_key)
