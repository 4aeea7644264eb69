"""Tags that are not wanted any more go from everything that the deployment has, and nobody else's go with them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from rds_enrollment.plan.deployment.aim import aim
from rds_enrollment.plan.deployment.foresight import assume
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.drift import digest
from rds_enrollment.plan.foresight import foresee
from rds_enrollment.plan.ownership import FormerTags
from rds_enrollment.plan.steps.aws import UntagStep
from rds_enrollment.plan.steps.ecs import UntagEcsResource
from rds_enrollment.plan.steps.iam import UntagRole

from tests.unit.plan.deployment.build import (
    CLUSTER_ARN,
    CLUSTER_SEEN,
    ROLE,
    ROLE_SEEN,
    SERVICE_ARN,
    SERVICE_SEEN,
    SHARED_TAGS,
    TAGS,
    WANTED,
    arn,
    task_definition,
    world,
)

FORMER = {"team": "data", "cost": "7"}
WISH = replace(WANTED, former_tags=FormerTags(own=FORMER, shared=FORMER))


def carrying(tags: Mapping[str, str], *, cluster: Mapping[str, str] = SHARED_TAGS) -> DeploymentWorld:
    own = {**TAGS, **tags}
    revision = task_definition(tags=own)
    return world(
        role=replace(ROLE_SEEN, tags=own),
        cluster=replace(CLUSTER_SEEN, tags={**cluster, **tags}),
        service=replace(SERVICE_SEEN, tags=own),
        serving=revision,
        newest=revision,
    )


def taken_off(seen: DeploymentWorld) -> dict[str, tuple[str, ...]]:
    steps = foresee(seen, lambda later: plan(WISH, later), lambda later, step: assume(WISH, later, step))
    assert all(isinstance(step, UntagRole | UntagEcsResource) for step in steps)
    return {step.resource: step.keys for step in steps if isinstance(step, UntagStep)}


def test_they_go_from_everything() -> None:
    keys = ("cost", "team")
    resources = (ROLE, CLUSTER_ARN, SERVICE_ARN, arn(1))
    assert taken_off(carrying(FORMER)) == dict.fromkeys(resources, keys)


@pytest.mark.parametrize("tags", [{}, {"team": "another"}, {"Team": "data"}, {"by": "hand"}])
def test_what_somebody_else_set_stays(tags: dict[str, str]) -> None:
    assert taken_off(carrying(tags)) == {}


def test_a_cluster_of_somebody_else_keeps_its_tags() -> None:
    theirs = {**SHARED_TAGS, "rds-enrollment.dev/owner": "cluster-b"}
    assert CLUSTER_ARN not in taken_off(carrying({"team": "data"}, cluster=theirs))


def test_what_was_wanted_before_is_no_part_of_the_aim() -> None:
    """Or drift would go untold after it."""
    assert digest(aim(WISH, world())) == digest(aim(WANTED, world()))
