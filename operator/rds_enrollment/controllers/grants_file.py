"""The file of --assume-roles: read anew whenever it changes, as a mounted ConfigMap or Secret does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from rds_enrollment.api.reasons import Reason
from rds_enrollment.api.types import RoleArn
from rds_enrollment.plan.grants import Grant, Namespaces
from rds_enrollment.plan.outcome import Blocked

_Stamp = tuple[int, int, int]


class _Strict(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class _Namespaces(_Strict):
    names: frozenset[str] = frozenset()
    match_labels: Mapping[str, str] = Field(default_factory=dict)


class _Role(_Strict):
    arn: RoleArn
    external_id: Annotated[str, Field(pattern=r"^[\w+=,.@:/-]*$", max_length=1224)] = ""
    """AWS STS AssumeRole: ExternalId."""


class _Entry(_Strict):
    namespaces: _Namespaces
    roles: Annotated[tuple[_Role, ...], Field(min_length=1)]


_ENTRIES = TypeAdapter(tuple[_Entry, ...])


class GrantsFile:
    """A YAML list: `namespaces` ({names: […], matchLabels: {…}}) and their `roles` ({arn, externalId})."""

    def __init__(self, path: Path | None) -> None:
        """Without a path nothing is granted."""
        self._path = path
        self._known: tuple[_Stamp, tuple[Grant, ...]] | None = None

    def load(self) -> tuple[Grant, ...]:
        """The list as it is now. Raises Blocked, RoleNotAllowed, while it cannot be read: no role is better than a
        wrong one."""
        if self._path is None:
            return ()
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, _parsed(self._path.read_text()))
        except (OSError, ValueError, yaml.YAMLError) as error:
            message = f"--assume-roles {self._path} cannot be used: {_first_line(error)}"
            # A cause is printed with what it quotes.
            raise Blocked(Reason.ROLE_NOT_ALLOWED, message) from None
        return self._known[1]


def _parsed(text: str) -> tuple[Grant, ...]:
    entries = _ENTRIES.validate_python(yaml.safe_load(text) or ())
    return tuple(
        Grant(
            Namespaces(entry.namespaces.names, dict(entry.namespaces.match_labels)),
            {role.arn: role.external_id for role in entry.roles},
        )
        for entry in entries
    )


def _first_line(error: Exception) -> str:
    """Without the values: an external id is not for everybody's eyes."""
    if isinstance(error, ValidationError):
        fault = error.errors(include_input=False)[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"no YAML list of namespaces and roles ({type(error).__name__})"
