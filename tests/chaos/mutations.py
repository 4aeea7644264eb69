"""Changes of the three kinds: objects made anew, and single fields, drawn from the CRDs' own schema: what the API
server may take."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import yaml
from hypothesis import strategies as st
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, KINDS, RDS_ENROLLMENT, Kind

from hack.sandbox.stack import ROOT

Schema = Mapping[str, Any]
_MOST_ITEMS = 2
_LARGEST = 10_000
_CLASSES = {r"\p{L}": "a-zA-Z", r"\p{Z}": " ", r"\p{N}": "0-9"}
"""Of RE2, which the API server uses, and Python does not have; always within brackets here."""
_TEXT = st.text(st.characters(codec="ascii", categories=("Ll", "Nd")), min_size=1, max_size=8)


@dataclass(frozen=True)
class Mutation:
    """Another value for one field of the spec of an object of a kind."""

    kind: Kind
    path: tuple[str, ...]
    value: Any

    @property
    def patch(self) -> dict[str, Any]:
        """As a merge patch."""
        patch: Any = self.value
        for name in reversed(("spec", *self.path)):
            patch = {name: patch}
        return dict(patch)


@dataclass(frozen=True)
class Recreation:
    """The enrolment is deleted and, once it is gone, created again; with the integration, if that is the kind."""

    kind: Kind


Change = Mutation | Recreation


def lives() -> st.SearchStrategy[list[Change]]:
    """One to three changes, one after the other. One in six is a recreation."""
    recreations: st.SearchStrategy[Change] = st.builds(
        Recreation, st.sampled_from([AWS_OIDC_INTEGRATION, RDS_ENROLLMENT])
    )
    return st.lists(
        st.integers(0, 5).flatmap(lambda drawn: mutations() if drawn else recreations), min_size=1, max_size=3
    )


def mutations() -> st.SearchStrategy[Mutation]:
    """Each field of each kind is as likely as any other."""
    fields = [(kind, *field) for kind in KINDS.values() for field in _fields(_spec_of(kind), ())]
    drawn = st.sampled_from(fields).flatmap(
        lambda field: st.builds(Mutation, st.just(field[0]), st.just(field[1]), values(field[2]))
    )
    return drawn.filter(lambda mutation: not _outlives_its_taking_back(mutation.patch))


def _outlives_its_taking_back(value: Any) -> bool:
    """On purpose: public addresses stay until the next rollout (docs/decisions/2026-11-23-public-addresses.md), and a
    permissions boundary for ever, since it may be somebody's safeguard."""
    match value:
        case dict():
            return (
                value.get("assignPublicIp") == "Enabled"
                or bool(value.get("permissionsBoundary"))
                or any(map(_outlives_its_taking_back, value.values()))
            )
        case list():
            return any(map(_outlives_its_taking_back, value))
        case _:
            return False


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that the structural schema takes; CEL rules may still refuse them.

    Raises KeyError for a type that the schemas do not have.
    """
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.integers(0, 100)
    return _BY_TYPE[schema["type"]](schema)


def _spec_of(kind: Kind) -> Schema:
    [path] = (ROOT / "crds").glob(f"{kind.plural}.*.yaml")
    [version] = yaml.safe_load(path.read_text())["spec"]["versions"]
    spec: Schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def _fields(schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every field on every level; of lists and maps the whole."""
    for name, field in schema.get("properties", {}).items():
        yield (*path, name), field
        yield from _fields(field, (*path, name))


def _text(schema: Schema) -> st.SearchStrategy[Any]:
    longest = schema.get("maxLength", _LARGEST)
    if "pattern" in schema:
        pattern = reduce(lambda text, pair: text.replace(*pair), _CLASSES.items(), schema["pattern"])
        matching: st.SearchStrategy[Any] = st.from_regex(pattern, fullmatch=True)
        return matching.filter(lambda text: len(text) <= longest and text.isprintable())
    return _TEXT


def _whole(schema: Schema) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", 0), schema.get("maximum", _LARGEST))


def _list(schema: Schema) -> st.SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    return st.lists(values(schema["items"]), min_size=least, max_size=max(least, _MOST_ITEMS))


def _object(schema: Schema) -> st.SearchStrategy[Any]:
    if isinstance(schema.get("additionalProperties"), Mapping):
        return st.dictionaries(_TEXT, values(schema["additionalProperties"]), max_size=_MOST_ITEMS)
    fields = {name: values(field) for name, field in schema.get("properties", {}).items()}
    needed = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(needed, optional=fields)


_BY_TYPE = {
    "string": _text,
    "integer": _whole,
    "boolean": lambda _: st.booleans(),
    "array": _list,
    "object": _object,
}
