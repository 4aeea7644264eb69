"""How every command prints: the flag `--output`, and colours only where a person reads them."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from rds_enrollment.plan.text import one_line

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound=Callable[..., Any])

Form = Literal["table", "json", "yaml"]


def output_flag(command: F) -> F:
    """Give a command the flag `--output`, which it takes as `output`."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json", "yaml"]),
        default="table",
        show_default=True,
        help="Form of what is printed: for people, or for programs.",
    )(command)


def print_text(text: str) -> None:
    """Print lines that may have colours: kept on a terminal without NO_COLOR (https://no-color.org), taken out
    anywhere else."""
    click.echo(text, color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table with its head, each value on one line."""
    cells = [
        [column.upper() for column in columns],
        *([one_line(cell) for cell in row] for row in rows),
    ]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    for row in cells:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def print_data(data: "DataclassInstance", form: Literal["json", "yaml"]) -> None:
    """Print a dataclass for programs; yaml and json have the same fields."""
    if form == "json":
        click.echo(json.dumps(asdict(data), indent=2, ensure_ascii=False))
        return
    import yaml

    # Through JSON: tuples become lists, and words of an enum plain text.
    click.echo(
        yaml.safe_dump(json.loads(json.dumps(asdict(data))), sort_keys=False, allow_unicode=True), nl=False
    )
