"""CEL rules and list semantics, declared next to the models they belong to.

Keys as in the Kubernetes CustomResourceDefinition v1 schema (`x-kubernetes-*` extensions).
"""

from dataclasses import dataclass
from typing import Any

_RECREATE = "delete the object and create it again with the new value"
_RESERVED_WORDS = frozenset({"namespace", "import", "package", "function", "var", "void", "const"})
"""Words of CEL that a field may have for its name: Kubernetes escapes them with underscores."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One `x-kubernetes-validations` entry. A rule that names `oldSelf` runs on updates only."""

    rule: str
    message: str
    field_path: str = ""
    """Where the API server reports a failure, relative to the schema that carries the rule."""

    def entry(self) -> dict[str, str]:
        entry = {"rule": self.rule, "message": self.message}
        if self.field_path:
            entry["fieldPath"] = self.field_path
        return entry


def validations(*rules: Rule) -> dict[str, Any]:
    """The schema extension that holds `rules`, in their order."""
    return {"x-kubernetes-validations": [rule.entry() for rule in rules]}


def immutable(name: str) -> dict[str, Any]:
    """For a required field: its value never changes. An optional one needs `immutable_optional`."""
    return validations(Rule("self == oldSelf", f"{name} is immutable: {_RECREATE}"))


def immutable_optional(field: str) -> Rule:
    """For the parent of an optional field: a transition rule on the field itself is not evaluated when the
    field is added or removed."""
    name = f"__{field}__" if field in _RESERVED_WORDS else field
    return Rule(
        f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})",
        f"{field} is immutable, and can be neither added nor removed later: {_RECREATE}",
        f".{field}",
    )


def exactly_one(first: str, second: str) -> dict[str, Any]:
    """For the parent of two optional fields of which one must be set."""
    return validations(
        Rule(f"has(self.{first}) != has(self.{second})", f"set exactly one of {first} and {second}")
    )


def exactly_one_of(*names: str) -> dict[str, Any]:
    """For the parent of three or more optional fields of which one must be set."""
    present = ", ".join(f"has(self.{name})" for name in names)
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return validations(Rule(f"[{present}].exists_one(item, item)", f"set exactly one of {listed}"))


def list_set() -> dict[str, Any]:
    """A list whose items are unique; server-side apply merges by value."""
    return {"x-kubernetes-list-type": "set"}


def list_atomic() -> dict[str, Any]:
    """A list that server-side apply replaces as a whole."""
    return {"x-kubernetes-list-type": "atomic"}


def list_map(*keys: str) -> dict[str, Any]:
    """A list of objects identified by `keys`; server-side apply merges item by item."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}
