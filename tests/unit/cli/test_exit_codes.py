"""Exit codes of the commands, as docs/command-line.md has them in a table."""

import re
from pathlib import Path

import pytest
from rds_enrollment.cli import main
from rds_enrollment.cli.commands import NAMES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "command-line.md"
ROW = re.compile(r"^\| `(\d)` \| (.+) \|$", re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["version"], 0),
        (["crds"], 0),
        (["--help"], 0),
        (["status", "--help"], 0),
        (["status"], 1),  # the API server does not answer
        ([], 2),
        (["no-such-command"], 2),
        (["status", "--output=xml"], 2),
        (["status", "--watch", "--output=json"], 2),
        (["status", "--interval=0"], 2),
        (["run"], 2),
        (["plan"], 1),  # 2 is for pending changes
        (["plan", "--no-such-flag"], 1),
        (["plan", "-f", "absent.yaml"], 1),
        (["plan", "-f", "absent.yaml", "--teleport-address=nonsense"], 1),
        (["diagnose"], 2),
        (["diagnose", "agents"], 2),  # no address of Teleport
        (["diagnose", "agents", "--db-user=reader"], 2),  # of no database
        (["export"], 2),
        (["gc"], 2),  # names no region
        (["gc", "--region=us-west-1"], 2),
    ],
)
def test_exit_code(
    arguments: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nobody = tmp_path / "kubeconfig"
    nobody.write_text(
        "{apiVersion: v1, kind: Config, current-context: c, users: [{name: u, user: {token: t}}],"
        " clusters: [{name: k, cluster: {server: 'http://127.0.0.1:9'}}],"
        " contexts: [{name: c, context: {cluster: k, user: u}}]}"
    )
    monkeypatch.setenv("KUBECONFIG", str(nobody))
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert (ended.value.code or 0) == code
    assert code == 0 or capsys.readouterr().err
    assert str(code) in dict(ROW.findall(PAGE.read_text()))


def test_a_kubeconfig_that_is_missing_is_a_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", "absent")
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "rds-enrollment: KUBECONFIG names no file: absent\n"


def test_each_command_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [name for name in NAMES if f"`rds-enrollment {name}`" not in text] == []
