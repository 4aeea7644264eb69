"""Every command in the docs is one: program, subcommand and options exist, as the programs themselves tell."""

import re
import subprocess
from functools import cache

import click
import pytest
from botocore import xform_name
from botocore.session import get_session
from rds_enrollment.cli.entry import group

from hack.sandbox.controlplane.binaries import locate
from tests.chart.rendering import offline
from tests.docs.blocks import ROOT, Command, blocks, commands

UNKNOWN_HERE = {"cosign", "docker", "git", "grep", "jq", "syft", "tctl", "tsh"}
"""Programs that are not installed everywhere, or not ours to check: their options are unverified."""
KUBECTL_GROUPS = {("create",), ("create", "secret"), ("rollout",)}
"""Subcommands that have subcommands."""
AWS_GLOBAL = {"--query", "--output", "--region", "--profile"}
PLUGIN = ("kubectl", "rds-enrollment")


def as_called(command: Command) -> Command:
    """Our own program by its name, where it is called as a plugin."""
    is_plugin = command.words[:2] == PLUGIN
    return Command(command.where, command.words[1:]) if is_plugin else command


COMMANDS = [command for command in map(as_called, commands()) if len(command.words) > 1]
"""Without bare mentions of a program."""


def of(program: str) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] == program]


def unknown(command: Command, told: str) -> list[str]:
    """Options of a command that its help does not tell."""
    known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", told))
    return [flag for flag in command.flags if flag not in known]


def test_every_program_is_known() -> None:
    checked = {"kubectl", "helm", "make", "aws", "rds-enrollment"}
    programs = {command.words[0] for command in COMMANDS}
    assert {name for name in programs if not name.startswith(".")} <= checked | UNKNOWN_HERE
    assert checked <= programs


def test_shell_blocks_are_marked_as_such() -> None:
    """A block without a language is output; none begins with a call of a program that is checked."""
    unmarked = [
        str(block)
        for block in blocks("")
        if re.match(r"(kubectl|helm|make|aws|rds-enrollment|tctl)\b", block.text)
    ]
    assert unmarked == []


@cache
def kubectl_help(*subcommand: str) -> str:
    executable = str(locate().kubectl)
    texts = [
        subprocess.run([executable, *words], capture_output=True, text=True, check=True, timeout=60).stdout
        for words in ((*subcommand, "--help"), ("options",))
    ]
    # An unknown subcommand is answered with the help of the whole program.
    assert f"kubectl {' '.join(subcommand)} " in texts[0], f"kubectl has no {' '.join(subcommand)}"
    return "\n".join(texts)


@pytest.mark.parametrize("command", of("kubectl"), ids=str)
def test_kubectl(command: Command) -> None:
    end = 2
    while command.words[1:end] in KUBECTL_GROUPS:
        end += 1
    assert unknown(command, kubectl_help(*command.words[1:end])) == []


@pytest.mark.parametrize("command", of("helm"), ids=str)
def test_helm(command: Command) -> None:
    told = offline().run(command.words[1], "--help")
    assert f"helm {command.words[1]} " in told
    assert unknown(command, told) == []


@pytest.mark.parametrize("command", of("make"), ids=str)
def test_make(command: Command) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    goals = [word for word in command.words[1:] if not re.match(r"[A-Z_]+=", word)]
    assert set(goals) <= set(targets)


@pytest.mark.parametrize("command", of("rds-enrollment"), ids=str)
def test_our_own(command: Command) -> None:
    context = click.Context(group)
    found = group.get_command(context, command.words[1])
    assert found is not None
    assert unknown(command, found.get_help(click.Context(found))) == []


@pytest.mark.parametrize("command", of("aws"), ids=str)
def test_aws(command: Command) -> None:
    _, service, operation, *_ = command.words
    model = get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations
    shape = model.operation_model(operations[operation]).input_shape
    members = shape.members if shape else {}
    options = {f"--{xform_name(name, '-')}": member for name, member in members.items()}
    negations = {f"--no-{name[2:]}" for name, member in options.items() if member.type_name == "boolean"}
    # The AWS CLI's own: --protocol, --port, --source-group and --cidr stand for one rule.
    shorthand = (
        {"--protocol", "--port", "--source-group", "--cidr"} if operation.startswith("authorize-") else set()
    )
    assert set(command.flags) - set(options) - negations - shorthand - AWS_GLOBAL == set()
