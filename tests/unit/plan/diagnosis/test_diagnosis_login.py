"""What refuses a login: told from SQLSTATE, from Teleport's words, and from the page that explains each result."""

from pathlib import Path

import pytest
from rds_enrollment.plan.diagnosis.login import ADVICE, LoginResult, refused_login

PAGE = Path(__file__).resolve().parents[4] / "docs" / "troubleshooting.md"
QUOTED = "Could not connect to database: failed to connect: server error (FATAL: {} (SQLSTATE {}))"


@pytest.mark.parametrize(
    ("state", "message", "result"),
    [
        ("", "access to resource requires MFA", LoginResult.MFA_REQUIRED),
        ("", "access to db denied. User does not have permissions.", LoginResult.ACCESS_DENIED),
        ("", 'database "a" not found among registered databases in cluster "b"', LoginResult.NOT_SERVED),
        ("", "database tunnel not found", LoginResult.AGENT_OFFLINE),
        ("", QUOTED.format('PAM authentication failed for user "a"', "28000"), LoginResult.IAM_REFUSED),
        ("", QUOTED.format('role "a" does not exist', "28000"), LoginResult.USER_REFUSED),
        ("", QUOTED.format('password authentication failed for user "a"', "28P01"), LoginResult.USER_REFUSED),
        ("3D000", 'database "a" does not exist', LoginResult.DATABASE_NOT_FOUND),
        ("42501", 'permission denied for database "a"', LoginResult.CONNECT_DENIED),
        (
            "",
            "dial error (dial tcp 10.0.0.9:5432: connect: connection refused)",
            LoginResult.DATABASE_UNREACHABLE,
        ),
        ("53300", "sorry, too many clients already", LoginResult.FAILED),
        ("", "something new", LoginResult.FAILED),
    ],
)
def test_a_refusal_has_a_result(state: str, message: str, result: LoginResult) -> None:
    verdict = refused_login(state, message)
    assert (verdict.result, verdict.said) == (result, message)


def test_each_trouble_that_is_known_has_advice() -> None:
    without = {LoginResult.LOGGED_IN, LoginResult.NOT_TRIED, LoginResult.FAILED}
    assert set(LoginResult) - ADVICE.keys() == without


def test_each_result_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [result for result in LoginResult if f"| `{result}` |" not in text] == []
