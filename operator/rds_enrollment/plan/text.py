"""Lists, counts, and texts of others in messages."""

from collections.abc import Sequence

_BYTES = 800
"""Leaves room for the rest of a condition's message, which has at most 1 KiB."""


def listing(items: Sequence[str], separator: str = ", ", taken: int = 0) -> str:
    """As many items as fit, and how many more there are. The first is always there.

    `taken`: bytes that something else in the message needs.
    """
    shown = 0
    size = 0
    for item in items:
        size += len(item.encode()) + len(separator)
        if shown and size > _BYTES - taken:
            break
        shown += 1
    return first(items, shown, separator)


def first(items: Sequence[str], most: int, separator: str = ", ") -> str:
    """At most so many of them, and how many more there are."""
    rest = len(items) - most
    return separator.join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def counted(number: int, noun: str) -> str:
    """`1 database`, `2 databases`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """A text of an object, of AWS or of others with spaces for its control characters: a terminal would obey them, also
    where people read conditions."""
    return "".join(character if character.isprintable() else " " for character in text)


def one_line(text: str) -> str:
    """The same on one line, with single spaces."""
    return " ".join(printable(text).split())
