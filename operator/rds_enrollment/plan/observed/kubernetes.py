"""Kubernetes objects as the planning sees them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """An object that asks for a service. The elder sorts first, then the name."""

    created: datetime
    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another deployment for the same Teleport cluster, as its own object tells."""

    claim: Claim
    version: str
    """Of its agents; empty when it is not known."""
    follows: bool
    """Whether it takes its agents to another version by itself: not so when it is pinned, paused, only observed, on
    its way out, or leaves the version to others."""
    ready: bool
    rolling_since: datetime | None = None
    """Since when its service rolls out; None when it does not."""
