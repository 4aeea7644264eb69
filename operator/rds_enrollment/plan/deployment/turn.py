"""Whose turn it is when a Teleport cluster has another version: a few deployments at a time, so that a version that
does not work is met by few.

Every deployment decides for itself from what the others' objects tell, and all come to the same: those that roll out
go before all, and of those that serve and have yet to begin the eldest goes first. One that has begun and not reported
it yet still counts as one that has yet to begin, so that nobody younger overtakes it. Those that cannot begin are not
waited for, and a rollout that lasts too long only for a while: one that is stuck holds up nobody for ever.
"""

from datetime import timedelta

from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.kubernetes import Claim, Neighbour

LONGEST_HOLD = timedelta(hours=1)
"""A rollout that works takes minutes, and ECS gives up one that does not."""


def goes_after(wanted: WantedDeployment, world: DeploymentWorld, target: str) -> tuple[Claim, ...]:
    """The deployments that have to be at version `target` before this one may begin; none when it may.

    One whose rollout failed is not asked to wait: it begins nothing by itself.
    """
    if wanted.claim is None or wanted.rollout_failed or isinstance(world.neighbours, Unseen):
        return ()
    mine = wanted.claim
    before = [
        other.claim
        for other in world.neighbours
        if _rolls_out(other, world)
        or (_has_yet_to_begin(other, target) and (other.claim < mine or not wanted.serves))
    ]
    return tuple(sorted(before)) if len(before) >= wanted.max_rollouts else ()


def _rolls_out(other: Neighbour, world: DeploymentWorld) -> bool:
    return other.rolling_since is not None and world.observed_at - other.rolling_since < LONGEST_HOLD


def _has_yet_to_begin(other: Neighbour, target: str) -> bool:
    return other.ready and other.follows and bool(other.version) and other.version != target
