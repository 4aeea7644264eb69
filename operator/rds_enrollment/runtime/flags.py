"""Command-line flags made from the settings' model."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from rds_enrollment.runtime.settings import Settings, flag_name, variable_name

F = TypeVar("F", bound=Callable[..., Any])


def settings_flags(command: F) -> F:
    """Give a click command one flag per setting. The values arrive unchecked (str or None): `settings.load`
    checks flags and environment alike."""
    for field, info in reversed(Settings.model_fields.items()):
        command = click.option(flag_name(field), field, metavar=_metavar(info), help=_help(field, info))(
            command
        )
    return command


def _metavar(info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return "|".join(get_args(info.annotation))
    return {int: "N", float: "SECONDS", bool: "true|false"}.get(info.annotation, "TEXT")  # type: ignore[arg-type]


def _help(field: str, info: FieldInfo) -> str:
    notes = [variable_name(field)]
    if info.is_required():
        notes.append("required")
    elif info.default not in (None, ()):
        notes.append(f"default: {info.default}")
    return f"{info.description}  [{'; '.join(notes)}]"
