"""The tags of what a deployment has in ECS: those that are missing, and the user's that are not wanted any more."""

from collections.abc import Mapping

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.steps.aws import AwsStep
from rds_enrollment.plan.steps.ecs import TagEcsResource, UntagEcsResource


def retagging(
    wanted: WantedDeployment,
    condition: ConditionType,
    arn: str,
    tags: Mapping[str, str],
    stale: tuple[str, ...],
) -> tuple[AwsStep, ...]:
    """The writes that set `tags` and take those with the keys `stale` off; none where both are empty."""
    steps: list[AwsStep] = []
    if tags:
        steps.append(TagEcsResource(condition=condition, region=wanted.region, arn=arn, tags=tags))
    if stale:
        steps.append(UntagEcsResource(condition=condition, region=wanted.region, resource=arn, keys=stale))
    return tuple(steps)
