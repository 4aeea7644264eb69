"""Drift: what has to be written although nobody asked for anything else than what was in place already.

The status keeps a digest of what was wanted when all of it was last read back. A write while the same is wanted
corrects drift; one while something else is wanted, or before everything was in place once, is progress. It is kept in
the object, so that another process judges the same; where it is lost, one correction goes untold.
"""

import hashlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pydantic import BaseModel

from rds_enrollment.plan.steps import Step

_HEX_DIGITS = 32


def digest(aim: object) -> str:
    """Of all that is wanted: dataclasses (the fields that they are compared by), models, mappings, sets and sequences
    of plain values. The order of mappings and sets carries no meaning. Raises TypeError for anything else."""
    return hashlib.sha256(_canonical(aim).encode()).hexdigest()[:_HEX_DIGITS]


def corrections(settled: str | None, aim: str | None, applied: Iterable[Step]) -> tuple[Step, ...]:
    """Those of the applied steps that corrected drift. `settled`: the status's digest; `aim`: that of what is
    wanted now, None where it was not seen in full."""
    if aim is None or settled != aim:
        return ()
    return tuple(step for step in applied if step.restores)


def settled_after(settled: str | None, aim: str | None, *, ready: bool) -> str | None:
    """The digest to keep after a pass. What is new counts once it is in place, and what it replaces no more."""
    if aim is None or settled == aim:
        return settled
    return aim if ready else None


def _canonical(value: Any) -> str:
    match value:
        case Enum():
            return repr(value.value)
        case None | str() | int() | float():
            return repr(value)
        case Mapping():
            items = sorted(f"{_canonical(key)}:{_canonical(item)}" for key, item in value.items())
            return f"{{{','.join(items)}}}"
        case AbstractSet():
            return f"<{','.join(sorted(map(_canonical, value)))}>"
        case tuple() | list():
            return f"[{','.join(map(_canonical, value))}]"
        case BaseModel():
            return _canonical(value.model_dump(mode="json"))
        case _ if is_dataclass(value):
            return _canonical(
                {field.name: getattr(value, field.name) for field in fields(value) if field.compare}
            )
    raise TypeError(f"a {type(value).__name__} has no canonical form")
