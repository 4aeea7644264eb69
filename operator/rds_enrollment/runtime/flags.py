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
    return flags_of(*Settings.model_fields)(command)


def flags_of(*fields: str) -> Callable[[F], F]:
    """The flags of these settings alone; the others keep their variables."""

    def decorate(command: F) -> F:
        for field in reversed(fields):
            info = Settings.model_fields[field]
            option = click.option(
                flag_name(field), field, metavar=_metavar(field, info), help=_help(field, info)
            )
            command = option(command)
        return command

    return decorate


def _metavar(field: str, info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal:
        return "|".join(get_args(info.annotation))
    if info.annotation is float:
        return "N" if field.endswith("_per_second") else "SECONDS"
    return {int: "N", bool: "true|false"}.get(info.annotation, "TEXT")  # type: ignore[arg-type]


def _help(field: str, info: FieldInfo) -> str:
    notes = [variable_name(field)]
    if info.is_required():
        notes.append("required")
    elif info.default not in (None, ()):
        notes.append(f"default: {info.default}")
    return f"{info.description}  [{'; '.join(notes)}]"
