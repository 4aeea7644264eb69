"""What the calling identity may do: one Teleport role (rules per kind, label selectors)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import yaml
from rds_enrollment.teleport.role import role_manifest

from hack.sandbox.teleport.errors import access_denied
from hack.sandbox.teleport.labels import LabelSelector, selects

Kind = Literal[
    "db", "db_server", "db_service", "token", "integration", "user_task", "cluster_maintenance_config"
]
Verb = Literal["list", "read", "create", "update", "delete", "use"]

_IMPLICIT: Mapping[Kind, frozenset[Verb]] = {
    "db": frozenset({"list", "read"}),
    "db_server": frozenset({"list", "read"}),
}
"""Part of every role (Teleport lib/services, DefaultImplicitRules)."""


@dataclass(frozen=True)
class Role:
    """`rules` are the verbs per kind; the label selectors choose the objects themselves."""

    rules: Mapping[Kind, frozenset[Verb]] = field(default_factory=dict)
    db_labels: LabelSelector = field(default_factory=dict)
    db_service_labels: LabelSelector = field(default_factory=dict)
    db_users: frozenset[str] = frozenset()
    db_names: frozenset[str] = frozenset()
    """Whom it may log in as, and where to; `*` is everybody, and everywhere."""

    @classmethod
    def parse(cls, manifest: str) -> "Role":
        """From a role in YAML, as `tctl create` takes it. Raises KeyError when it lacks a part."""
        allow = yaml.safe_load(manifest)["spec"]["allow"]
        rules: dict[Kind, frozenset[Verb]] = {}
        for rule in allow["rules"]:
            for kind in rule["resources"]:
                rules[kind] = rules.get(kind, frozenset()) | frozenset(rule["verbs"])
        return cls(rules, _selector(allow["db_labels"]), _selector(allow["db_service_labels"]))

    def without(self, kind: Kind, *verbs: Verb) -> "Role":
        """The same role less these verbs; without any, less the kind's whole rule.

        Reading and listing `db` and `db_server` stay allowed: no role can take them away.
        """
        left = self.rules.get(kind, frozenset()) - frozenset(verbs) if verbs else frozenset()
        return replace(self, rules={**self.rules, kind: left})

    def check(self, kind: Kind, *verbs: Verb) -> None:
        """Raises PERMISSION_DENIED unless all `verbs` are allowed."""
        allowed = self.rules.get(kind, frozenset()) | _IMPLICIT.get(kind, frozenset())
        for verb in verbs:
            if verb not in allowed:
                raise access_denied(f"the role has no rule {kind}: {verb}")

    def allows_login(self, labels: Mapping[str, str], user: str, name: str) -> bool:
        """Whether it lets somebody log in to a database (Teleport lib/services, CheckAccess with its matchers)."""
        return selects(self.db_labels, labels) and all(
            {"*", wanted} & allowed for wanted, allowed in ((user, self.db_users), (name, self.db_names))
        )

    def check_database(self, name: str, labels: Mapping[str, str]) -> None:
        """Raises PERMISSION_DENIED unless db_labels select the database."""
        if not selects(self.db_labels, labels):
            raise access_denied(f"the role's db_labels do not select database {name!r}")


def _selector(labels: Mapping[str, str | list[str]]) -> LabelSelector:
    """Teleport takes a value or a list of them."""
    return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in labels.items()}


NOTHING = Role()

BOT_ROLE = Role.parse(role_manifest())
"""The one that the operator ships, so that everything done in the sandbox is done with it."""
