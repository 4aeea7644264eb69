"""Label selectors: of roles and of agents (Teleport lib/services, MatchLabels)."""

from collections.abc import Iterable, Mapping

WILDCARD = "*"

LabelSelector = Mapping[str, tuple[str, ...]]
"""Label name -> admitted values, `*` for any. `{"*": ("*",)}` selects everything, `{}` nothing.

Teleport's other patterns (globs, regular expressions) are not simulated.
"""


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether `labels` have every label of the selector with one of its values."""
    if not selector:
        return False
    if WILDCARD in selector.get(WILDCARD, ()):
        return True
    return all(key in labels and _admits(values, labels[key]) for key, values in selector.items())


def _admits(values: Iterable[str], value: str) -> bool:
    return any(admitted in (WILDCARD, value) for admitted in values)
