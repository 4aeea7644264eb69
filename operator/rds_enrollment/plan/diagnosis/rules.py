"""How a text is recognised: the first rule of a table whose fragments it has."""

from collections.abc import Sequence
from dataclasses import dataclass

from rds_enrollment.api.reasons import Reason

_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'"})
"""AWS's documents show both kinds in the same messages."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Matches a text that has one of `any_of`, and all of `all_of`; both in lower case."""

    reason: Reason
    any_of: tuple[str, ...]
    all_of: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """`text` is in lower case."""
        return any(item in text for item in self.any_of) and all(item in text for item in self.all_of)


def classify(rules: Sequence[Rule], text: str) -> Reason | None:
    """The reason of the first rule that matches, None when none does."""
    lowered = text.lower().translate(_QUOTES)
    return next((rule.reason for rule in rules if rule.matches(lowered)), None)
