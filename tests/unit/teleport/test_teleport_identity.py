"""Identity files: what is read, what is refused and how it is said."""

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat
from prometheus_client import CollectorRegistry
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.identity import parse
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.metrics import watch_identity
from rds_enrollment.teleport.tls import client_context

from hack.sandbox.teleport.authority import Authority as SandboxAuthority
from tests.unit.teleport.authority import (
    EXPIRES,
    ISSUED,
    Authority,
    PrivateKey,
    ec_key,
    identity_bytes,
    issue_identity,
    key_pem,
)

SOURCE = Path("/var/run/teleport/identity")
MIDWAY = ISSUED + (EXPIRES - ISSUED) / 2


def rsa_key() -> PrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("key", "form"),
    [
        pytest.param(ec_key(), PrivateFormat.PKCS8, id="ecdsa-pkcs8"),
        pytest.param(ec_key(), PrivateFormat.TraditionalOpenSSL, id="ecdsa-sec1"),
        pytest.param(rsa_key(), PrivateFormat.TraditionalOpenSSL, id="rsa-pkcs1"),
        pytest.param(rsa_key(), PrivateFormat.PKCS8, id="rsa-pkcs8"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8, id="ed25519"),
    ],
)
def test_every_key_kind_is_read_and_usable(
    user_authority: Authority, key: PrivateKey, form: PrivateFormat
) -> None:
    other = Authority("second host authority")
    certificate = user_authority.issue(key)
    content = identity_bytes(key_pem(key, form), certificate, user_authority.pem, other.pem)

    identity = parse(content, SOURCE)

    assert identity.key_pem == key_pem(key, form)
    assert identity.certificate_pem == certificate
    assert identity.authorities_pem == user_authority.pem + other.pem
    assert (identity.not_before, identity.not_after) == (ISSUED, EXPIRES)
    assert client_context(identity, ["h2"]).cert_store_stats()["x509_ca"] == 2


def test_windows_line_ends_are_read(user_authority: Authority) -> None:
    content = issue_identity(user_authority, user_authority).replace(b"\n", b"\r\n")
    assert parse(content, SOURCE).not_after == EXPIRES


def test_the_key_is_in_no_repr(user_authority: Authority) -> None:
    identity = parse(issue_identity(user_authority, user_authority), SOURCE)
    assert "PRIVATE KEY" not in repr(identity)
    assert str(identity.key_pem) not in repr(identity)


def broken_identities() -> dict[str, bytes]:
    authority = Authority("authority")
    key = ec_key()
    certificate = authority.issue(key)
    encrypted = key_pem(key, encryption=BestAvailableEncryption(b"secret"))
    damaged = certificate.replace(b"M", b"!", 3)
    return {
        "empty": b"",
        "no PEM": b"not an identity",
        "binary": bytes(range(256)),
        "no authorities": identity_bytes(key_pem(key), certificate),
        "cut short": issue_identity(authority, authority)[:-40],
        "certificate first": certificate + key_pem(key) + authority.pem,
        "key of another": identity_bytes(key_pem(ec_key()), certificate, authority.pem),
        "encrypted key": identity_bytes(encrypted, certificate, authority.pem),
        "damaged certificate": identity_bytes(key_pem(key), damaged, authority.pem),
        "damaged authority": identity_bytes(key_pem(key), certificate, damaged),
    }


@pytest.mark.parametrize("content", [pytest.param(v, id=k) for k, v in broken_identities().items()])
def test_broken_files_are_blocked_with_the_path_and_without_the_key(content: bytes) -> None:
    with pytest.raises(Blocked) as caught:
        parse(content, SOURCE)

    assert caught.value.reason is Reason.TELEPORT_IDENTITY_UNREADABLE
    assert str(SOURCE) in caught.value.message
    assert "tbot" in caught.value.message
    # Not even the chained causes may carry key material.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("now", "reason", "said"),
    [
        (
            ISSUED - timedelta(seconds=1),
            Reason.TELEPORT_IDENTITY_NOT_YET_VALID,
            "is not valid before 2026-03-01T12:00:00+00:00",
        ),
        (EXPIRES, Reason.TELEPORT_IDENTITY_EXPIRED, "expired at 2099-03-01T12:00:00+00:00"),
    ],
)
def test_an_identity_outside_its_validity_is_blocked_with_the_times(
    tmp_path: Path, user_authority: Authority, now: datetime, reason: Reason, said: str
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    with pytest.raises(Blocked, match="Teleport identity") as caught:
        IdentityFile(path, lambda: now).load()

    assert caught.value.reason is reason
    assert said in caught.value.message


@pytest.mark.parametrize("now", [ISSUED, EXPIRES - timedelta(seconds=1)])
def test_an_identity_is_good_up_to_its_bounds(
    tmp_path: Path, user_authority: Authority, now: datetime
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    assert IdentityFile(path, lambda: now).load().source == path


def test_a_folder_of_machine_id_is_read(tmp_path: Path, user_authority: Authority) -> None:
    (tmp_path / "identity").write_bytes(issue_identity(user_authority, user_authority))
    (tmp_path / "teleport-host-ca.crt").write_bytes(b"unused")
    assert IdentityFile(tmp_path, lambda: MIDWAY).load().source == tmp_path / "identity"


@pytest.mark.parametrize("name", ["", "absent", "file/below"])
def test_what_cannot_be_opened_is_blocked_with_the_path(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Blocked) as caught:
        IdentityFile(tmp_path / name, lambda: MIDWAY).load()

    assert caught.value.reason is Reason.TELEPORT_IDENTITY_UNREADABLE
    assert str(tmp_path / name) in caught.value.message


def test_an_unchanged_file_gives_the_same_identity_and_a_changed_one_a_new(
    tmp_path: Path, user_authority: Authority
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    file = IdentityFile(path, lambda: MIDWAY)
    first = file.load()
    assert file.load() is first

    renewed = tmp_path / "renewed"
    renewed.write_bytes(issue_identity(user_authority, user_authority))
    os.replace(renewed, path)

    assert file.load().certificate_pem not in (b"", first.certificate_pem)


@pytest.mark.parametrize("content", [b"half", None], ids=["half a file", "no file"])
def test_the_identity_before_stays_in_use_while_the_new_one_is_written(
    tmp_path: Path, user_authority: Authority, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    file = IdentityFile(path, lambda: MIDWAY)
    first = file.load()

    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert [file.load(), file.load()] == [first, first]
    assert [record.message for record in caplog.records] == ["The identity read before stays in use"]
    assert file.problem() is None

    path.write_bytes(issue_identity(user_authority, user_authority))
    assert file.load().certificate_pem != first.certificate_pem


def test_a_broken_file_blocks_once_the_identity_before_has_expired(
    tmp_path: Path, user_authority: Authority
) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    now = MIDWAY
    file = IdentityFile(path, lambda: now)
    file.load()
    path.write_bytes(b"half")

    now = EXPIRES
    with pytest.raises(Blocked) as caught:
        file.load()
    assert caught.value.reason is Reason.TELEPORT_IDENTITY_UNREADABLE


def test_an_expired_replacement_does_not_end_what_works(tmp_path: Path, user_authority: Authority) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    file = IdentityFile(path, lambda: MIDWAY)
    first = file.load()

    key = ec_key()
    short = user_authority.issue(key, not_after=ISSUED + timedelta(hours=1))
    path.write_bytes(identity_bytes(key_pem(key), short, user_authority.pem))

    assert [file.load(), file.load()] == [first, first]


def test_the_cluster_is_the_organization_of_the_issuer(tmp_path: Path) -> None:
    path = SandboxAuthority("acme.example", datetime.now(UTC)).write_identity(tmp_path / "identity", "bot")
    assert parse(path.read_bytes(), path).cluster_name == "acme.example"


def test_the_end_of_the_identity_is_measured_and_its_absence_reported(
    tmp_path: Path, user_authority: Authority
) -> None:
    path = tmp_path / "identity"
    now = MIDWAY
    file = IdentityFile(path, lambda: now)
    registry = CollectorRegistry()
    watch_identity(registry, file, lambda: now)

    def expiry() -> float:
        value = registry.get_sample_value("rds_enrollment_teleport_identity_expiry_seconds")
        assert value is not None
        return value

    assert math.isnan(expiry())
    assert "cannot be read" in (file.problem() or "")
    path.write_bytes(issue_identity(user_authority, user_authority))
    assert expiry() == (EXPIRES - MIDWAY).total_seconds()
    assert file.problem() is None
    now = EXPIRES
    assert expiry() == 0
    assert "expired at" in (file.problem() or "")


def test_the_clock_is_read_at_every_load(tmp_path: Path, user_authority: Authority) -> None:
    path = tmp_path / "identity"
    path.write_bytes(issue_identity(user_authority, user_authority))
    times = iter([MIDWAY, datetime(2100, 1, 1, tzinfo=UTC)])
    file = IdentityFile(path, lambda: next(times))
    file.load()
    with pytest.raises(Blocked, match="expired"):
        file.load()
