"""The command line: help, and faults in one line."""

import subprocess
import sys

import click
import pytest
import yaml
from rds_enrollment import __version__
from rds_enrollment.cli import main
from rds_enrollment.cli.commands import NAMES
from rds_enrollment.cli.output import table
from rds_enrollment.cli.plan import Change, Planned, PlannedObject, draw
from rds_enrollment.runtime.settings import Settings, flag_name, variable_name

HOSTILE = "absent\n\x1b[2Jforged\r\x9b2J\u2028 \u202e end"


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_name(field), raising=False)


def test_help_shows_every_flag_and_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["run", "--help"], capsys)
    assert code == 0
    for field in Settings.model_fields:
        assert flag_name(field) in out
        assert variable_name(field) in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "--no-such-flag"], "No such option"),
        (["no-such-command"], "No such command"),
        (["run"], "--teleport-address (RDS_ENROLLMENT_TELEPORT_ADDRESS) is required"),
        (["run", "--workers", "x"], "--workers (RDS_ENROLLMENT_WORKERS)"),
        (["run", "--workers"], "requires an argument"),
    ],
)
def test_a_wrong_use_is_one_line_and_exit_code_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(arguments, capsys)
    assert code == 2
    assert out == ""
    assert err.startswith("rds-enrollment: ")
    assert err.count("\n") == 1
    assert text in err


def test_what_an_error_quotes_makes_no_line_and_speaks_to_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", HOSTILE)
    code, _, err = run(["status"], capsys)
    (line,) = err.splitlines()
    assert code == 2
    assert line.isprintable()
    assert line.endswith(" end")


def test_what_a_table_quotes_makes_no_line_and_speaks_to_no_terminal() -> None:
    _, row = table(("name", "message"), [("orders", HOSTILE)])
    assert row.isprintable()
    assert row.endswith(" end")


def test_what_a_plan_quotes_makes_no_line_and_speaks_to_no_terminal() -> None:
    planned = PlannedObject(
        kind="RdsEnrollment",
        namespace="team",
        name="prod",
        changes=(Change(action="create", step="CreateRole", description=HOSTILE),),
        hindrances=(HOSTILE,),
        remarks=(HOSTILE,),
        idle="",
    )
    lines = click.unstyle(draw(Planned((planned,)))).splitlines()
    assert [line[:4] for line in lines] == ["RdsE", "  + ", "  ! ", "  i ", "", "Plan"]
    assert all(map(str.isprintable, lines))


def test_each_command_of_the_help_exists_and_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["--help"], capsys)
    shown = [line.split(maxsplit=1) for line in out.partition("Commands:\n")[2].splitlines()]
    assert code == 0
    assert tuple(name for name, _ in shown) == NAMES


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"], capsys) == (0, f"{__version__}\n", "")


def test_crds_prints_one_document_per_kind(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(["crds"], capsys)
    names = [document["spec"]["names"]["kind"] for document in yaml.safe_load_all(out)]
    assert code == 0
    assert names == ["AwsOidcIntegration", "RdsEnrollment", "DatabaseServiceDeployment"]


def test_help_loads_none_of_the_heavy_libraries() -> None:
    script = (
        "import sys, click; from rds_enrollment.cli.entry import group;"
        "group.get_help(click.Context(group));"
        "print([name for name in ('kopf', 'boto3', 'kubernetes', 'grpclib', 'aiohttp') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert loaded.stdout.strip() == "[]"
