"""The deployment circuit breaker's settings and threshold. Pure.

Source: Amazon ECS API Reference, DeploymentCircuitBreaker, ThresholdConfiguration, ServiceDeploymentCircuitBreaker;
Amazon ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures": half of the desired
count, rounded up, at least 3 and at most 200.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOWEST_THRESHOLD = 3
HIGHEST_THRESHOLD = 200
DEFAULT_PERCENT = 50


@dataclass(frozen=True)
class CircuitBreaker:
    """`deploymentConfiguration.deploymentCircuitBreaker` of a service."""

    enable: bool = False
    rollback: bool = False
    reset_on_healthy_task: bool = True
    threshold_type: str = "BOUNDED_PERCENT"
    threshold_value: int = DEFAULT_PERCENT

    @classmethod
    def from_api(cls, configuration: Mapping[str, Any]) -> "CircuitBreaker":
        """Of a `deploymentConfiguration`; off when it names none."""
        given = configuration.get("deploymentCircuitBreaker") or {}
        threshold = given.get("thresholdConfiguration") or {}
        return cls(
            enable=bool(given.get("enable", False)),
            rollback=bool(given.get("rollback", False)),
            reset_on_healthy_task=bool(given.get("resetOnHealthyTask", True)),
            threshold_type=threshold.get("type", "BOUNDED_PERCENT"),
            threshold_value=int(threshold.get("value", DEFAULT_PERCENT)),
        )

    def threshold(self, desired_count: int) -> int:
        """The number of failed tasks in a row that fails a deployment."""
        if self.threshold_type == "COUNT":
            return self.threshold_value
        share = math.ceil(self.threshold_value * desired_count / 100)
        if self.threshold_type == "UNBOUNDED_PERCENT":
            return max(1, share)
        return min(max(share, LOWEST_THRESHOLD), HIGHEST_THRESHOLD)
