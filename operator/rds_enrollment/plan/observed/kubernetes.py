"""Kubernetes objects as the planning sees them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """An object that asks for a service. The elder sorts first, then the name."""

    created: datetime
    namespace: str
    name: str
