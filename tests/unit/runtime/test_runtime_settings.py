"""Settings: flags, their environment twins, and one clear line for each fault."""

from pathlib import Path
from typing import Any

import pytest
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.settings import Settings, flag_name, load, parse_address, variable_name

REQUIRED = {"teleport_address": "auth.example:3025", "teleport_identity": "/var/lib/identity"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_name(field), raising=False)


def test_defaults() -> None:
    settings = load(dict(REQUIRED))
    assert settings.teleport_identity == Path("/var/lib/identity")
    assert settings.watch_namespaces == ()
    assert settings.owner_id is None
    assert settings.http_address == "0.0.0.0:8080"


def test_every_field_has_a_variable_and_the_flag_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_ENROLLMENT_TELEPORT_ADDRESS", "from-env:1")
    monkeypatch.setenv("RDS_ENROLLMENT_TELEPORT_IDENTITY", "/env")
    monkeypatch.setenv("RDS_ENROLLMENT_WORKERS", "3")
    monkeypatch.setenv("RDS_ENROLLMENT_WATCH_NAMESPACES", "a, b,a")
    settings = load({"workers": "5", "log_level": None})
    assert settings.teleport_address == "from-env:1"
    assert settings.workers == 5
    assert settings.watch_namespaces == ("a", "b")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("teleport_address", "auth.example", "'auth.example' is not host:port"),
        ("teleport_address", "https://auth.example:3025", "is not host:port"),
        ("teleport_address", "auth.example:70000", "is not host:port"),
        ("teleport_address", "auth.example:0", "has port 0"),
        ("teleport_connection", "ssh", "'auto', 'direct', 'tls-routing' or 'websocket'"),
        ("teleport_edition", "pro", "'auto', 'oss' or 'ent'"),
        ("owner_id", "x" * 41, "String should match pattern"),
        ("owner_id", "a/b", "String should match pattern"),
        ("owner_id", "", "String should match pattern"),
        ("watch_namespaces", "good,Bad", "'Bad' is not a namespace name"),
        ("lease_name", "Operator", "'Operator' is not the name of a Kubernetes object"),
        ("lease_name", "", "is not the name"),
        ("lease_namespace", "a.b", "'a.b' is not a namespace name"),
        ("lease_identity", "", "at least 1 character"),
        ("lease_seconds", "2", "greater than or equal to 3"),
        ("http_address", "8080", "'8080' is not host:port"),
        ("workers", "0", "greater than or equal to 1"),
        ("workers", "many", "valid integer"),
        ("aws_threads", "1000", "less than or equal to 256"),
        ("aws_calls_per_second", "-1", "greater than or equal to 0"),
        ("poll_seconds", "0", "greater than 0"),
        ("watch_check_seconds", "-1", "greater than 0"),
        ("watch_grace_seconds", "soon", "valid number"),
        ("preflight", "off", "'Warn' or 'Block'"),
        ("host_addresses", "10.0.0.1", "'10.0.0.1' is not host=address"),
        ("host_addresses", "proxy=here", "'here' does not appear to be an IPv4 or IPv6 address"),
        ("log_level", "info,moon=debug", "'moon' is no area; areas are aws,"),
        ("log_format", "xml", "'json' or 'text'"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_flag_and_variable(field: str, value: str, text: str) -> None:
    flags: dict[str, Any] = {**REQUIRED, field: value}
    with pytest.raises(FatalError) as caught:
        load(flags)
    message = str(caught.value)
    assert message.startswith(f"{flag_name(field)} ({variable_name(field)})")
    assert text in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("field", list(REQUIRED))
def test_a_missing_one_is_named(field: str) -> None:
    flags = {name: value for name, value in REQUIRED.items() if name != field}
    with pytest.raises(FatalError, match=f"^{flag_name(field)} .* is required$"):
        load(flags)


def test_an_address_may_be_ipv6() -> None:
    assert parse_address("[::1]:8080") == ("::1", 8080)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_a_file_gives_what_flags_and_environment_leave_open(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(
        "teleport-address: from-file:1\nteleport-identity: /file\nwatch-namespaces: [a, b]\nworkers: 3\n"
        "poll-seconds: 2.5\nlog-level:\n"
    )
    monkeypatch.setenv("RDS_ENROLLMENT_CONFIG", str(config))
    monkeypatch.setenv("RDS_ENROLLMENT_TELEPORT_IDENTITY", "/env")
    settings = load({"workers": "5"})
    assert settings.teleport_address == "from-file:1"
    assert settings.teleport_identity == Path("/env")
    assert settings.watch_namespaces == ("a", "b")
    assert (settings.workers, settings.poll_seconds, settings.log_level) == (5, 2.5, "info")


def test_an_empty_file_sets_nothing(config: Path) -> None:
    config.write_text("# nothing yet\n")
    assert load({**REQUIRED, "config": str(config)}).workers == 16


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("workers: many\n", "--workers (RDS_ENROLLMENT_WORKERS): 'many'"),
        ("worker: 3\nwatch_namespaces: [a]\n", "settings that there are not: watch_namespaces, worker"),
        ("config: other.yaml\n", "settings that there are not: config"),
        ("- workers\n", "holds no settings"),
        ("workers: [\n", "is not YAML"),
        ("owner-id: 815\n", "--owner-id (RDS_ENROLLMENT_OWNER_ID): 815"),
        ("watch-namespaces: [a, 5]\n", "--watch-namespaces"),
    ],
)
def test_a_fault_in_the_file_is_one_line(config: Path, text: str, fault: str) -> None:
    config.write_text(text)
    with pytest.raises(FatalError) as raised:
        load({**REQUIRED, "config": str(config)})
    assert raised.value.exit_code == 2
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"--config .*absent cannot be read: No such file"):
        load({**REQUIRED, "config": str(tmp_path / "absent")})
