"""The commands: each is `command` in the file of this folder that carries its name."""

from importlib import import_module

import click

NAMES = ("run", "status", "databases", "diagnose", "plan", "policy", "export", "gc", "crds", "version")
"""In the order of `--help`."""


class LateCommands(click.Group):
    """A group that imports a command when it is asked for: `run` must not pay for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        command: click.Command = import_module(f"rds_enrollment.cli.{cmd_name}").command
        return command
