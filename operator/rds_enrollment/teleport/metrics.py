"""Metrics of the connection to Teleport."""

import math
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, Histogram

from rds_enrollment.teleport.identity_file import IdentityFile

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)


class CallMetrics:
    """Duration and result of every RPC."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._durations = Histogram(
            "rds_enrollment_teleport_request_duration_seconds",
            "Calls to Teleport by RPC and result (gRPC's status name, or the layer below that failed).",
            ("rpc", "code"),
            buckets=_SECONDS,
            registry=registry,
        )

    def observe(self, rpc: str, code: str, seconds: float) -> None:
        """One call ended; an ObserveCall."""
        self._durations.labels(rpc, code).observe(seconds)


def watch_identity(
    registry: CollectorRegistry, identity_file: IdentityFile, now: Callable[[], datetime]
) -> None:
    """A gauge that looks at the identity on disk when it is scraped. `now` is aware."""

    def left() -> float:
        end = identity_file.not_after()
        return (end - now()).total_seconds() if end else math.nan

    Gauge(
        "rds_enrollment_teleport_identity_expiry_seconds",
        "Seconds until the Teleport identity expires, negative once it has. NaN before it could be read.",
        registry=registry,
    ).set_function(left)


def watch_stream(registry: CollectorRegistry, live: Callable[[], bool]) -> None:
    """A gauge of whether Teleport's events are followed."""
    Gauge(
        "rds_enrollment_teleport_stream_live",
        "1 while Teleport's events are followed, 0 while Teleport is polled instead.",
        registry=registry,
    ).set_function(lambda: float(live()))
