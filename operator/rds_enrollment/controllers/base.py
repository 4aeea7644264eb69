"""What is particular to one kind: what its spec asks for, how its world is read, and what brings that in line."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import AdoptionPolicy, CommonSpec, CommonStatus, Resource
from rds_enrollment.api.kinds import Kind
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.converge import Converged, Observe
from rds_enrollment.controllers.ground import Ground, establish
from rds_enrollment.controllers.invalid import faults
from rds_enrollment.controllers.report import News
from rds_enrollment.plan.foresight import foresee
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.plan.ownership import NO_ADOPTION, Adoption, Owner, teleport_tags
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.steps import Step
from rds_enrollment.runtime.fatal import FatalError

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=CommonStatus)
D = TypeVar("D")
"""What is wanted."""
W = TypeVar("W")
"""The world that is observed."""


@dataclass(frozen=True, slots=True)
class Standing(Generic[D, W]):
    """Where a pass over one object begins, on firm ground."""

    ground: Ground
    account: AwsAccount
    wanted: D
    observe: Observe[W]


class Controller(ABC, Generic[R, S, D, W]):
    """One kind. `controllers.frame` runs it; commands look through it."""

    kind: ClassVar[Kind]
    required: ClassVar[Sequence[ConditionType]]
    """The conditions that Ready sums up."""
    teleport_condition: ClassVar[ConditionType]
    """The condition that tells of trouble with Teleport as a whole."""

    def __init__(self, adapters: Adapters) -> None:
        self.adapters = adapters

    @abstractmethod
    def status_of(self, resource: R) -> S:
        """The object's status as it was read."""

    @abstractmethod
    def spec_of(self, resource: R) -> CommonSpec:
        """The fields of the spec that every kind has."""

    @abstractmethod
    async def integration_of(self, resource: R) -> AwsOidcIntegration | Outcome:
        """The integration that the object belongs to, or why there is none."""

    @abstractmethod
    async def wanted(self, resource: R, scope: Scope) -> D:
        """What the spec asks for. Raises Outcome."""

    @abstractmethod
    def observer(self, resource: R, wanted: D, account: AwsAccount) -> Observe[W]:
        """A function that looks at the world, for one pass."""

    @abstractmethod
    def plan(self, wanted: D, world: W, attempts: int) -> Sequence[Part]:
        """Parts that bring the world in line."""

    @abstractmethod
    def teardown(self, wanted: D, world: W, attempts: int) -> Sequence[Part]:
        """Parts that remove everything of ours; all of them done means that it is gone."""

    @abstractmethod
    def assume(self, wanted: D, world: W, step: Step) -> W:
        """The world after a step of `plan`; the same one where nothing builds on that step."""

    async def letting_go(self, resource: R) -> Sequence[Part]:
        """Parts, of writes to Kubernetes alone, that have to be done before an object that is only observed may
        vanish and leave everything as it is. Raises Outcome."""
        return ()

    @abstractmethod
    def aim(self, wanted: D, world: W) -> object | None:
        """All that the writes of `plan` aim at; None while it was not seen in full."""

    @abstractmethod
    def observed_status(self, previous: S, wanted: D, end: Converged[W]) -> S:
        """The status fields beside the conditions."""

    def news(self, before: S, after: S) -> Sequence[News]:
        """What `after` tells anew besides its conditions."""
        return ()

    async def stand(self, resource: R, attempts: int = 1) -> Standing[D, W] | Ground:
        """The beginning of a pass, or the ground where it is not firm. Raises Outcome."""
        ground = await establish(
            self.adapters,
            await self.integration_of(resource),
            pinned_cluster=self.status_of(resource).teleport_cluster,
            teleport_condition=self.teleport_condition,
            attempts=attempts,
        )
        if ground.scope is None or ground.account is None:
            return ground
        wanted = await self.wanted(resource, ground.scope)
        return Standing(ground, ground.account, wanted, self.observer(resource, wanted, ground.account))

    def foreseen(self, wanted: D, world: W, planner: Callable[[W], Sequence[Part]]) -> tuple[Step, ...]:
        """All writes that `planner` leads to from this world."""
        return foresee(world, planner, lambda seen, step: self.assume(wanted, seen, step))

    async def named(self, namespace: str, name: str) -> R:
        """The object of this name. Raises FatalError where there is none that can be read."""
        raw = await self.adapters.objects.get(self.kind.kind, namespace, name)
        if raw is None:
            raise FatalError(f"{self.kind.kind} {namespace}/{name} does not exist")
        try:
            return cast("R", self.kind.model.model_validate(raw))
        except ValidationError as error:
            message = f"{self.kind.kind} {namespace}/{name} cannot be read: {faults(error)}"
            raise FatalError(message) from error

    async def adoption(self, policy: AdoptionPolicy, scope: Scope) -> Adoption:
        """What of somebody else's the object may make its own. Raises Outcome."""
        if policy is AdoptionPolicy.NEVER:
            return NO_ADOPTION
        objects = await self.adapters.objects.list(self.kind.kind)
        names = [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in objects]
        owner_id, kind = self.adapters.owner_id, self.kind.short_name
        return Adoption(
            policy=policy,
            owner_id=owner_id,
            teleport=teleport_tags(scope.cluster.name, scope.integration),
            living=frozenset(Owner(owner_id, kind, *name).mark for name in names),
            withheld=not self.adapters.adopts_always,
        )

    def owner(self, resource: Resource) -> Owner:
        """Whose the resources of this object are."""
        metadata = resource.metadata
        return Owner(self.adapters.owner_id, self.kind.short_name, metadata.namespace, metadata.name)
