"""Two objects that ask for one service: what exists belongs to whom its mark names; what does not, to the elder."""

from collections.abc import Sequence

from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import ownership
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, Role
from rds_enrollment.plan.observed.kubernetes import Claim
from rds_enrollment.plan.part import Part, held, refused, unseen

_CONDITION = ConditionType.SERVICE_DEPLOYED


def is_contestable(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether nothing in AWS says yet whose the service is: it is not there, and the task role is not ours."""
    if isinstance(world.service, Unseen) or isinstance(world.role, Unseen):
        return False
    if isinstance(world.service, EcsService) and world.service.status != "INACTIVE":
        return False
    return not (isinstance(world.role, Role) and ownership.marked(world.role.tags, wanted.owner.mark))


def elder(claims: Sequence[Claim], mine: Claim) -> Claim | None:
    """The claim that goes before `mine`: the oldest object's, and of equally old ones the first by name."""
    first = min(claims, default=mine)
    return first if first < mine else None


def contested(
    wanted: WantedDeployment, world: DeploymentWorld, conditions: Sequence[ConditionType], attempts: int
) -> tuple[Part, ...]:
    """The parts of a deployment that has to stand back; empty when it has not."""
    if wanted.claim is None or not is_contestable(wanted, world):
        return ()
    if isinstance(world.claims, Unseen):
        service = unseen(_CONDITION, world.claims, attempts)
    else:
        first = elder(world.claims, wanted.claim)
        if first is None:
            return ()
        message = (
            f"DatabaseServiceDeployment {first.namespace}/{first.name} asks for ECS service {wanted.service_name} in "
            f"{wanted.region}, too, and is the elder: nothing is written. This one takes over when that one is gone."
        )
        service = refused(_CONDITION, Reason.OWNED_BY_ANOTHER, message)
    return tuple(service if item is _CONDITION else held(item, _CONDITION) for item in conditions)
