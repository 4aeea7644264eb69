"""The join token of a deployment."""

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.wanted import WantedDeployment, wanted_token
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import JoinToken
from rds_enrollment.plan.part import Part, refused, satisfied, unseen, writing
from rds_enrollment.plan.steps.teleport import CreateJoinToken, UpdateJoinToken

_CONDITION = ConditionType.JOIN_TOKEN_READY


def token_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Create or mend the token; one that is not ours is left alone."""
    if isinstance(world.token, Unseen):
        return unseen(_CONDITION, world.token, attempts)
    token = wanted_token(wanted)
    if world.token is None:
        return writing(_CONDITION, CreateJoinToken(condition=_CONDITION, token=token))
    if not ownership.marked(world.token.labels, wanted.owner.mark):
        return refused(
            _CONDITION,
            Reason.OWNED_BY_ANOTHER,
            f"Join token {token.name} exists in Teleport and {ownership.owner_text(world.token.labels)}: it is left "
            f"as it is. Delete it with `tctl rm token/{token.name}` if nothing uses it.",
        )
    if _admits(world.token) != _admits(token):
        return writing(_CONDITION, UpdateJoinToken(condition=_CONDITION, token=token))
    return satisfied(_CONDITION, f"Join token {token.name} admits role {wanted.task_role} alone.")


def _admits(token: JoinToken) -> tuple[object, ...]:
    return token.join_method, token.roles, token.rules
