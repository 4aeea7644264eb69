"""Metrics of the calls to AWS, under the names and labels of the Cluster API provider for AWS (pkg/cloud/metrics)."""

import math
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from rds_enrollment.runtime.logging import object_in_work

_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_RETRIES = (0, 1, 2, 3, 5, 10)
_CALL = ("controller", "service", "region", "operation")


class AwsCallMetrics:
    """Counts finished calls; an `aws.calls.CallObserver`.

    The label `controller` names the kind whose pass made the call: of a read that several share, the first.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "aws_api_requests_total",
            "Calls to AWS by their last answer; status_code 0: there was none, and error_code names the exception.",
            (*_CALL, "status_code", "error_code"),
            registry=registry,
        )
        self._durations = Histogram(
            "aws_api_request_duration_seconds",
            "Length of calls to AWS, with their retries and the pauses between them.",
            _CALL,
            buckets=_SECONDS,
            registry=registry,
        )
        self._retries = Histogram(
            "aws_api_call_retries",
            "Requests of a call to AWS after its first.",
            _CALL,
            buckets=_RETRIES,
            registry=registry,
        )

    def __call__(
        self,
        *,
        service: str,
        region: str,
        operation: str,
        status_code: int,
        error_code: str,
        seconds: float,
        retries: int,
    ) -> None:
        """One call ended."""
        key = object_in_work()
        call = (key.kind.lower() if key else "", service, region, operation)
        self._requests.labels(*call, str(status_code), error_code).inc()
        self._durations.labels(*call).observe(seconds)
        self._retries.labels(*call).observe(retries)


def watch_clients(registry: CollectorRegistry, count: Callable[[], int]) -> None:
    """A gauge of the clients that are kept."""
    Gauge(
        "rds_enrollment_aws_clients",
        "Clients of AWS that are kept, one for each service, region and credentials.",
        registry=registry,
    ).set_function(count)


def watch_credentials(
    registry: CollectorRegistry, end: Callable[[], datetime | None], now: Callable[[], datetime]
) -> None:
    """A gauge that looks at the credentials when it is scraped. `end` and `now` are aware."""

    def left() -> float:
        ends = end()
        return (ends - now()).total_seconds() if ends else math.nan

    Gauge(
        "rds_enrollment_aws_credentials_expiry_seconds",
        "Seconds until the operator's own AWS credentials expire; they are renewed at their next use from fifteen "
        "minutes before. NaN: static ones, or none were used yet.",
        registry=registry,
    ).set_function(left)
