"""What RegisterTaskDefinition checks of a Fargate task definition, and fills in.

Source: Amazon ECS API Reference, RegisterTaskDefinition (`cpu`, `memory`) and HealthCheck; Amazon ECS Developer Guide,
"Task CPU and memory" for Fargate.
"""

from collections.abc import Mapping
from typing import Any

from hack.sandbox.aws.ecs.errors import client_error
from hack.sandbox.aws.ecs.health import DEFAULT_INTERVAL, DEFAULT_RETRIES, DEFAULT_TIMEOUT

UNITS_IN_VCPU = 1024
MIB_IN_GB = 1024


def _gigabytes(first: int, last: int, step: int = 1) -> frozenset[int]:
    return frozenset(MIB_IN_GB * size for size in range(first, last + 1, step))


FARGATE_SIZES: dict[int, frozenset[int]] = {
    256: frozenset({512, 1024, 2048}),
    512: _gigabytes(1, 4),
    1024: _gigabytes(2, 8),
    2048: _gigabytes(4, 16),
    4096: _gigabytes(8, 30),
    8192: _gigabytes(16, 60, 4),
    16384: _gigabytes(32, 120, 8),
}
"""CPU units -> memory sizes in MiB."""

_HEALTH_CHECK_RANGES = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
_COMMAND_KINDS = ("CMD", "CMD-SHELL", "NONE")


def fargate_size(cpu: str | None, memory: str | None) -> tuple[str, str]:
    """CPU units and MiB of a pair that Fargate has; `1 vCPU` and `2 GB` are other spellings. Raises ClientException."""
    if not cpu:
        raise client_error("Fargate requires that 'cpu' be defined at the task level.")
    if not memory:
        raise client_error("Fargate requires that 'memory' be defined at the task level.")
    units = _amount(cpu, "vcpu", UNITS_IN_VCPU, "Invalid 'cpu' setting for task.")
    mebibytes = _amount(memory, "gb", MIB_IN_GB, "Invalid 'memory' setting for task.")
    if mebibytes not in FARGATE_SIZES.get(units, frozenset()):
        raise client_error("No Fargate configuration exists for given values.")
    return str(units), str(mebibytes)


def _amount(text: str, unit: str, factor: int, refusal: str) -> int:
    lowered = text.strip().lower()
    try:
        if lowered.endswith(unit):
            return round(float(lowered.removesuffix(unit)) * factor)
        return int(lowered)
    except ValueError as error:
        raise client_error(refusal) from error


def with_health_check(container: Mapping[str, Any]) -> dict[str, Any]:
    """A container definition whose health check, if any, is checked and has ECS's defaults. Raises ClientException."""
    given = container.get("healthCheck")
    if given is None:
        return dict(container)
    command = given.get("command") or []
    if not command or command[0] not in _COMMAND_KINDS:
        raise client_error(
            f"Health check command of container {container['name']} must start with CMD or CMD-SHELL."
        )
    for name, (lowest, highest) in _HEALTH_CHECK_RANGES.items():
        if not lowest <= given.get(name, lowest) <= highest:
            raise client_error(
                f"Health check {name} of container {container['name']} must be between {lowest} and {highest}."
            )
    defaults = {"interval": DEFAULT_INTERVAL, "timeout": DEFAULT_TIMEOUT, "retries": DEFAULT_RETRIES}
    return {**container, "healthCheck": {**defaults, **given}}
