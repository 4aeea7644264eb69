"""Takes out of names and states what two runs of the same workload cannot have in common."""

import re
from collections.abc import Mapping
from typing import Any

_PATTERNS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
    # What no workload has an alias for: the groups of AWS's default VPC.
    (re.compile(r"\b(vpc|subnet|sg)-[0-9a-f]{17}\b"), r"<\1>"),
    # ECS tasks and deployments; network interfaces and their attachments; task addresses.
    (re.compile(r"\b(service-deployment|service-revision)/([^/]+/[^/]+)/[\w-]+"), r"\1/\2/<id>"),
    (re.compile(r"\b[0-9a-f]{32}\b"), "<task>"),
    (re.compile(r"\becs-svc/\d+"), "<ecs-deployment>"),
    (re.compile(r"\beni-(attach-)?[0-9a-f]+"), "<eni>"),
    (re.compile(r"\bip-\d+-\d+-\d+-\d+\b"), "<host>"),
    (re.compile(r"\b10\.\d+\.\d+\.\d+\b(?!/)"), "<address>"),
)
_ALIAS = re.compile(r"<[^<>]+>")


class Mask:
    """`aliases` gives generated names that the workload knows, such as its namespace and its VPC's id."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases: list[tuple[str, str]] = []
        self.learn(aliases)

    def learn(self, aliases: Mapping[str, str]) -> None:
        """More of them. Longer names are taken first: one may be a part of another."""
        self._aliases = sorted((*self._aliases, *aliases.items()), key=lambda item: -len(item[0]))

    def text(self, text: str) -> str:
        for name, alias in self._aliases:
            text = text.replace(name, alias)
        for pattern, alias in _PATTERNS:
            text = pattern.sub(alias, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON-able copy: keys and texts masked, dates as `<time>`; lists of objects, and of generated names,
        whose order follows ids, without order."""
        match value:
            case dict():
                return {self.text(str(key)): self.value(item) for key, item in sorted(value.items())}
            case list() | tuple():
                items = [self.value(item) for item in value]
                return sorted(items, key=repr) if all(map(_has_no_place, items)) else items
            case None | bool() | int() | float():
                return value
        return self.text(str(value))


def _has_no_place(item: Any) -> bool:
    return isinstance(item, dict) or (isinstance(item, str) and _ALIAS.fullmatch(item) is not None)
