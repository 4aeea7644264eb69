"""Paging with an opaque token that names the last item shown, so that deletions between pages lose nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def page(
    items: Sequence[Item],
    key: Callable[[Item], str],
    size: int,
    token: str | None,
    refuse: Callable[[str], Exception],
    descending: bool = False,
) -> tuple[list[Item], str | None]:
    """The items after the token in the order of their keys, and the token of the next page.

    Raises what `refuse` makes of a message when the token was not made here.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if token is not None:
        last = _decode(token, refuse)
        ordered = [item for item in ordered if (key(item) < last if descending else key(item) > last)]
    if len(ordered) <= size:
        return ordered, None
    return ordered[:size], _encode(key(ordered[size - 1]))


def _encode(last: str) -> str:
    return base64.urlsafe_b64encode(f"after:{last}".encode()).decode()


def _decode(token: str, refuse: Callable[[str], Exception]) -> str:
    try:
        prefix, _, last = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise refuse("The pagination token is not valid.") from error
    if prefix != "after":
        raise refuse("The pagination token is not valid.")
    return last
