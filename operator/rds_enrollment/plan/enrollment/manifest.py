"""Whether a live object says what a server-side apply of ours would make it say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rds_enrollment.api.common import FIELD_MANAGER

Json = Mapping[str, Any]


def applied_fields(live: Json) -> Json | None:
    """What our field manager has applied so far, in the form of `fieldsV1`; None when it never applied anything.

    Source: Kubernetes API, metav1.ManagedFieldsEntry.
    """
    for entry in live["metadata"].get("managedFields", ()):
        if entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply":
            fields: Json = entry.get("fieldsV1", {})
            return fields
    return None


def is_in_force(wanted: Any, live: Any) -> bool:
    """Whether `live` has all of `wanted`. More keys and more list items may come from others and from defaults."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(
            key in live and is_in_force(value, live[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return isinstance(live, Sequence) and all(item in live for item in wanted)
    return bool(wanted == live)


def has_leftovers(applied: Json, wanted: Any) -> bool:
    """Whether we applied, earlier, something that `wanted` no longer says: an apply would take it back."""
    for key, nested in applied.items():
        sort, _, name = key.partition(":")
        if sort == "f":
            if not isinstance(wanted, Mapping) or name not in wanted or has_leftovers(nested, wanted[name]):
                return True
        elif sort == "v" and json.loads(name) not in wanted:
            return True
    return False
