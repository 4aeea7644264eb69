"""The command line, as its own help tells it."""

import click
from rds_enrollment.cli.entry import group

from hack.docsgen.markdown import escape, page

_INTRODUCTION = (
    "`rds-enrollment` is in the image, and installs from the wheel. As `kubectl-rds_enrollment` on the `PATH` it is "
    "`kubectl rds-enrollment`; [the command line](../command-line.md) shows what it prints. Options that are also "
    "settings of the operator are described in [Settings](settings.md)."
)
_WIDTH = 110


def render() -> dict[str, str]:
    """Text of the page by file name."""
    root = click.Context(group, info_name="rds-enrollment")
    blocks = (_command(root, name) for name in group.list_commands(root))
    source = "operator/rds_enrollment/cli"
    return {"commands.md": page("Commands", source, _INTRODUCTION, *blocks)}


def _command(root: click.Context, name: str) -> str:
    command = group.get_command(root, name)
    if command is None:
        raise LookupError(f"the group lists {name} and does not have it")
    context = click.Context(
        command, info_name=name, parent=root, max_content_width=_WIDTH, terminal_width=_WIDTH
    )
    summary = escape(command.get_short_help_str(limit=200))
    return f"## rds-enrollment {name}\n\n{summary}\n\n```text\n{command.get_help(context)}\n```"
