"""Service events, as DescribeServices lists them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from hack.sandbox.aws.ecs.model import EVENTS_KEPT, Service, ServiceEvent, Task


def add_event(service: Service, text: str, now: datetime) -> None:
    """Newest first."""
    event = ServiceEvent(str(uuid4()), now, f"(service {service.name}) {text}")
    service.events = [event, *service.events][:EVENTS_KEPT]


def add_refusal(service: Service, text: str, now: datetime) -> None:
    """A launch that was refused; the same cause is told once until a launch succeeds."""
    if service.last_refusal != text:
        service.last_refusal = text
        add_event(service, text, now)


def names(tasks: Sequence[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
