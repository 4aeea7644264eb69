"""What the process makes of its settings for Teleport: way in, probe, metrics, and mistakes named at the start."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.kubernetes.object_metrics import ObjectMetrics
from rds_enrollment.kubernetes.wakes import Wakes
from rds_enrollment.parts import Parts
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Fence
from rds_enrollment.runtime.metrics import QueueMetrics
from rds_enrollment.runtime.queue import WorkQueue
from rds_enrollment.runtime.settings import load
from rds_enrollment.runtime.threads import ThreadPool
from rds_enrollment.wiring import build

from hack.sandbox.teleport.server import TeleportSandbox

OWNER_ID = "test"
REQUESTS = "rds_enrollment_teleport_request_duration_seconds_count"


@pytest.fixture
def teleport() -> Iterator[TeleportSandbox]:
    with TeleportSandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


class Clock:
    """The machine's, moved."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def parts(teleport: TeleportSandbox, clock: Clock, **flags: Any) -> Parts:
    rng = random.Random(1)  # noqa: S311 - jitter
    registry = CollectorRegistry()
    unused = cast("Any", None)
    leading = asyncio.Event()
    leading.set()
    return Parts(
        settings=load(
            {"teleport_address": teleport.address, "teleport_identity": str(teleport.identity_file), **flags}
        ),
        objects=unused,
        events=unused,
        threads=ThreadPool(1),
        queue=WorkQueue(
            clock=time.monotonic,
            backoff=Backoff(rng),
            metrics=QueueMetrics(registry, "objects"),
            controller=lambda key: key.kind,
        ),
        wakes=Wakes(),
        registry=registry,
        object_metrics=ObjectMetrics(registry, per_object=True, wall=time.time),
        readiness={},
        fence=Fence(),
        leading=leading,
        now=clock,
        rng=rng,
    )


async def test_an_expired_identity_is_not_ready_and_its_end_is_measured(teleport: TeleportSandbox) -> None:
    clock = Clock()
    made = parts(teleport, clock)
    async with build(made)(OWNER_ID):
        assert made.readiness["teleport"]() is None
        assert 6 < _seconds_left(made.registry) / 86400 < 8
        clock.ahead = timedelta(days=30)
        assert "expired at" in (made.readiness["teleport"]() or "")
        assert _seconds_left(made.registry) < 0


def _seconds_left(registry: CollectorRegistry) -> float:
    left = registry.get_sample_value("rds_enrollment_teleport_identity_expiry_seconds")
    assert left is not None
    return left


async def test_calls_are_measured(teleport: TeleportSandbox) -> None:
    made = parts(teleport, Clock(), teleport_connection="direct")
    async with build(made)(OWNER_ID):
        async with asyncio.timeout(30):
            while ("GetTokens", "OK") not in _requests(made.registry):  # noqa: ASYNC110 - a metric wakes nobody
                await asyncio.sleep(0.01)


def _requests(registry: CollectorRegistry) -> set[tuple[str, str]]:
    return {
        (sample.labels["rpc"], sample.labels["code"])
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == REQUESTS
    }


@pytest.mark.parametrize(
    ("flags", "variables", "said"),
    [
        ({"teleport_ca_file": "absent.pem"}, {}, "--teleport-ca-file absent.pem"),
        ({}, {"HTTPS_PROXY": "socks5://proxy.example"}, "HTTPS_PROXY: a proxy of scheme socks5"),
        ({"teleport_identity": "absent"}, {}, "the Teleport identity absent"),
    ],
)
async def test_mistakes_are_named_at_the_start(
    teleport: TeleportSandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    flags: dict[str, str],
    variables: dict[str, str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(FatalError) as caught:
        build(parts(teleport, Clock(), **flags))
    assert caught.value.exit_code == 2
    assert said in str(caught.value)
