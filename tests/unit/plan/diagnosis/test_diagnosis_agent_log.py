"""What agents log while they do not connect, and what of it may stand in a status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.diagnosis.agent_log import LOG, read_tail
from rds_enrollment.plan.diagnosis.logtext import LINE_BYTES, clean

FAILED = (
    "2026-01-01T00:00:00Z ERRO [PROC:1] Failed to establish connection to cluster. identity:Instance error:"
)
DIAL = 'Post "https://teleport.example.com:443/v1/webapi/ping": dial tcp 203.0.113.20:443:'
TEXTS = [
    (
        (f"{FAILED}[instance arn:aws:sts::1:assumed-role/x/y did not match any allow rules in token t]"),
        "JoinDenied",
    ),
    ((f"{FAILED}[instance did not match any allow rules]"), "JoinDenied"),
    ((f"{FAILED}[this token does not support the IAM join method]"), "JoinDenied"),
    ((f"{FAILED}[token expired or not found]"), "JoinTokenNotFound"),
    (
        (f"{FAILED}[Teleport instance is too new. This instance is running v19. The server is running v18]"),
        "AgentTooNew",
    ),
    ((f"{FAILED}[Teleport instance is too old. This instance is running v15.0.0.]"), "AgentTooOld"),
    ((f"{FAILED}[client version is unsupported]"), "AgentTooOld"),
    (
        (
            f"{FAILED}[tls: failed to verify certificate: x509: certificate has expired or is not yet "
            "valid: current time 2026-01-01T00:00:00Z is before 2026-02-01T00:00:00Z]"
        ),
        "AgentClockSkew",
    ),
    (
        (
            f"{FAILED}[aws sts api returned status: 403 body: Signature expired: 20260101T000000Z is "
            "now earlier than x]"
        ),
        "AgentClockSkew",
    ),
    (
        (f"{FAILED}[tls: failed to verify certificate: x509: certificate signed by unknown authority]"),
        "ProxyCertificateNotTrusted",
    ),
    (
        (f"{FAILED}[x509: certificate is valid for a.example.com, not teleport.example.com]"),
        "ProxyCertificateNotTrusted",
    ),
    (
        (
            "ERRO [PROC:1] Was this node already registered to a different cluster? To join this node "
            "to a new cluster, remove `/var/lib/teleport` and try again"
        ),
        "WrongCluster",
    ),
    ((f"{FAILED}[{DIAL} i/o timeout]"), "TeleportProxyUnreachable"),
    ((f"{FAILED}[{DIAL} connect: connection refused]"), "TeleportProxyUnreachable"),
    (
        (
            f'{FAILED}[Post "https://teleport.example.com:443/": dial tcp: lookup teleport.example.com: '
            "no such host]"
        ),
        "TeleportProxyUnreachable",
    ),
    (
        (f'{FAILED}[Post "https://sts.us-west-1.amazonaws.com/": dial tcp 1.2.3.4:443: i/o timeout]'),
        "StsUnreachable",
    ),
]


@pytest.mark.parametrize(("line", "reason"), TEXTS)
def test_a_line_has_a_cause(line: str, reason: str) -> None:
    found = read_tail(["INFO [DB] starting", line, "INFO [PROC:1] trying again in 5 seconds"])
    assert found.reason == reason
    assert found.line == clean(line)


def test_each_cause_is_met() -> None:
    assert {rule.reason for rule in LOG} == {Reason(reason) for _, reason in TEXTS}


def test_the_newest_cause_is_told() -> None:
    timeout, denied = TEXTS[12][0], TEXTS[0][0]
    assert read_tail([timeout, denied]).reason is Reason.JOIN_DENIED
    assert read_tail([denied, timeout]).reason is Reason.TELEPORT_PROXY_UNREACHABLE


def test_without_a_known_cause_the_last_lines_are_told() -> None:
    assert read_tail(["one", "two", "", "three", "four"]) == (None, "three | four")
    assert read_tail([]) == (None, "")


SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYwJalrXUtnFEMIK7MDENG",
    "hunter2hunter2",
]


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        *((f"said {secret} and", secret) for secret in SECRETS[:4]),
        (f"password={SECRETS[4]} x", SECRETS[4]),
        (f'"aws_secret_access_key": "{SECRETS[4]}"', SECRETS[4]),
        (f"Authorization: Bearer {SECRETS[4]}", SECRETS[4]),
        (f"X-Amz-Security-Token={SECRETS[4]}&x=y", SECRETS[4]),
        (f"proxy http://user:{SECRETS[4]}@proxy:3128", SECRETS[4]),
        (f"token: {SECRETS[4]}", SECRETS[4]),
        (f"-----BEGIN RSA PRIVATE KEY----- {SECRETS[4]}", SECRETS[4]),
    ],
)
def test_secrets_are_taken_out(line: str, secret: str) -> None:
    assert secret not in clean(line)
    assert "[redacted]" in clean(line)


def test_what_explains_stays() -> None:
    said = "instance arn:aws:sts::123456789012:assumed-role/TeleportDatabaseAccess-vpc-0123456789abcdef0 no match"
    assert clean(said) == said
    assert clean(TEXTS[3][0]) == TEXTS[3][0].partition("Z ")[2]


def test_a_line_that_repeats_reads_the_same() -> None:
    """Teleport's two formats of text, and what the driver of another image may write."""
    for time in ("2026-01-01T00:00:00Z", "2026-01-01T10:11:12.345+01:00", "2026-01-01 10:11:12,345"):
        assert clean(f"{time} ERRO [PROC:1] no") == "ERRO [PROC:1] no"


def test_escapes_of_a_terminal_are_taken_out() -> None:
    assert clean("\x1b[31mred\x1b[0m\x07 \x1b]0;title\x07\x9btext\r\n\u202e") == "red text"


@given(st.text(max_size=2000))
def test_any_line_becomes_short_and_printable(line: str) -> None:
    shown = clean(line)
    assert len(shown.encode()) <= LINE_BYTES
    assert shown.isprintable()
