"""IAM's patterns and the statements of a policy, apart from the product's own: what judges it must not err with it.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "Action" and "Statement".
"""

from collections.abc import Mapping
from typing import Any

_UNDERSTOOD = {"Sid", "Effect", "Action", "Resource", "Condition"}


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern, in which `*` stands for any characters and `?` for one, is about a text."""
    place, star, resume = 0, -1, 0
    position = 0
    while position < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resume = place, position
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", text[position]):
            place += 1
            position += 1
        elif star >= 0:
            resume += 1  # the last `*` stands for one more character
            place, position = star + 1, resume
        else:
            return False
    return set(pattern[place:]) <= {"*"}


def statements_of(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of a policy. Raises LookupError: an element is not known here."""
    found = policy["Statement"]
    listed = [found] if isinstance(found, Mapping) else list(found)
    unknown = {element for statement in listed for element in statement} - _UNDERSTOOD
    if unknown:
        raise LookupError(f"policy elements {sorted(unknown)} are not known here")
    return listed
