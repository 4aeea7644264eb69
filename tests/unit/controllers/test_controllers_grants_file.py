"""The administrator's list of roles, as a file."""

import traceback
from pathlib import Path

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.controllers.grants_file import GrantsFile
from rds_enrollment.plan.grants import Grant, Namespaces
from rds_enrollment.plan.outcome import Blocked

ROLE = "arn:aws:iam::222222222222:role/teams/data"
LIST = f"""
- namespaces: {{names: [one], matchLabels: {{team: data}}}}
  roles:
    - {{arn: "{ROLE}", externalId: sesame}}
"""
READ = (Grant(Namespaces(frozenset({"one"}), {"team": "data"}), {ROLE: "sesame"}),)


def test_nothing_is_granted_without_a_file() -> None:
    assert GrantsFile(None).load() == ()


def test_it_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "roles.yaml"
    path.write_text(LIST)
    grants = GrantsFile(path)
    assert grants.load() == READ
    path.write_text("")
    assert grants.load() == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- [", "no YAML list"),
        ("roles: []", "valid tuple"),
        (LIST.replace("externalId", "externalID"), "Extra inputs"),
        (LIST.replace("arn:aws", "urn:aws"), "should match pattern"),
        (LIST.replace("sesame", "open sesame"), "should match pattern"),
        (LIST.replace("namespaces", "namespace"), "Field required"),
    ],
)
def test_a_list_that_is_not_understood_grants_nothing(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "roles.yaml"
    path.write_text(text)
    with pytest.raises(Blocked, match=fault) as caught:
        GrantsFile(path).load()
    assert caught.value.reason is Reason.ROLE_NOT_ALLOWED
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_a_list_that_is_gone_grants_nothing(tmp_path: Path) -> None:
    with pytest.raises(Blocked, match="No such file"):
        GrantsFile(tmp_path / "absent").load()
