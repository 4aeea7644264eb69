"""The HTTP server: probes by name, metrics, and a port that is taken."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from rds_enrollment.runtime.http import HttpServer, Probe


@asynccontextmanager
async def serving(
    health: dict[str, Probe] | None = None,
    readiness: dict[str, Probe] | None = None,
    registry: CollectorRegistry | None = None,
) -> AsyncIterator[aiohttp.ClientSession]:
    server = HttpServer(
        registry=registry or CollectorRegistry(), health=health or {}, readiness=readiness or {}
    )
    port = await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        await server.stop()


async def test_healthy_when_every_probe_is_content() -> None:
    async with serving({"watch": lambda: None, "queue": lambda: None}) as session:
        answer = await session.get("/healthz")
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_failing_probes_are_named_and_only_on_their_own_path() -> None:
    probes: dict[str, Probe] = {"watch": lambda: "deaf", "queue": lambda: None}
    async with serving(probes, {"kubernetes": lambda: "away"}) as session:
        health = await session.get("/healthz")
        ready = await session.get("/readyz")
        assert (health.status, await health.text()) == (503, "watch: deaf\n")
        assert (ready.status, await ready.text()) == (503, "kubernetes: away\n")


async def test_metrics_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    Counter("rds_enrollment_things_total", "Things.", registry=registry).inc(3)
    async with serving(registry=registry) as session:
        answer = await session.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "rds_enrollment_things_total 3.0" in await answer.text()


async def test_metrics_are_read_in_the_event_loop_and_written_down_beside_it() -> None:
    seen: dict[str, int] = {}

    class Samples(list[Sample]):
        def __iter__(self) -> Iterator[Sample]:
            seen["written"] = threading.get_ident()
            return super().__iter__()

    class Things(Collector):
        def collect(self) -> Iterator[Metric]:
            seen["read"] = threading.get_ident()
            family = GaugeMetricFamily("things", "Things.", value=3)
            family.samples = Samples(family.samples)
            yield family

    registry = CollectorRegistry()
    registry.register(Things())

    async with serving(registry=registry) as session:
        assert "things 3.0" in await (await session.get("/metrics")).text()

    assert seen["read"] == threading.get_ident()
    assert seen["written"] != threading.get_ident()


async def test_a_taken_port_is_an_os_error() -> None:
    first = HttpServer(registry=CollectorRegistry(), health={}, readiness={})
    port = await first.start("127.0.0.1", 0)
    second = HttpServer(registry=CollectorRegistry(), health={}, readiness={})
    try:
        with pytest.raises(OSError, match="address already in use"):
            await second.start("127.0.0.1", port)
    finally:
        await first.stop()
