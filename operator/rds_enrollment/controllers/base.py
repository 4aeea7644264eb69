"""The frame of a pass, the same for all three kinds: read, stand on firm ground, observe, plan, apply, report."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import (
    ANNOTATION_PAUSED,
    FINALIZER,
    AdoptionPolicy,
    CommonSpec,
    CommonStatus,
    Resource,
)
from rds_enrollment.api.kinds import Kind
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.apply import applier
from rds_enrollment.controllers.converge import Converged, converge, look
from rds_enrollment.controllers.creations import Creations
from rds_enrollment.controllers.ground import establish
from rds_enrollment.controllers.invalid import report_invalid
from rds_enrollment.controllers.report import finished_status, publish, requeue
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.drift import corrections, digest
from rds_enrollment.plan.foresight import foresee
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.ownership import NO_ADOPTION, Adoption, Owner, teleport_tags
from rds_enrollment.plan.part import Part, all_done, observed_only, outcomes_of, steps_of, verdicts_of
from rds_enrollment.plan.scope import Scope
from rds_enrollment.plan.steps import KubernetesStep, Step
from rds_enrollment.runtime.reconciler import Key, Result

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=CommonStatus)
D = TypeVar("D")
"""What is wanted."""
W = TypeVar("W")
"""The world that is observed."""


Gate = Callable[[Sequence[Part]], Awaitable[Sequence[Part]]]
"""Takes the parts of a plan and gives those that may go ahead."""


async def _open(parts: Sequence[Part]) -> Sequence[Part]:
    return parts


@dataclass(frozen=True, slots=True)
class Pass(Generic[S]):
    """What a pass has to report."""

    status: S
    verdicts: Mapping[ConditionType, Verdict] = field(default_factory=dict)
    outcomes: Sequence[Outcome] = ()
    gone: bool = False
    """Of a teardown: everything of ours was read back as absent."""
    aim: str | None = None
    """Digest of what is wanted, where it was seen in full and is worth to be known."""
    corrected: Sequence[Step] = ()
    """The writes that corrected drift."""
    planned: Sequence[Step] = ()
    """The writes that are not made because the object is only observed."""


class Controller(ABC, Generic[R, S, D, W]):
    """Reconciles the objects of one kind (a `runtime.reconciler.Reconciler`)."""

    kind: ClassVar[Kind]
    required: ClassVar[Sequence[ConditionType]]
    """The conditions that Ready sums up."""
    teleport_condition: ClassVar[ConditionType]
    """The condition that tells of trouble with Teleport as a whole."""

    def __init__(self, adapters: Adapters) -> None:
        self.adapters = adapters
        self._creations: dict[Key, Creations] = {}

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
    def observer(self, resource: R, wanted: D, account: AwsAccount) -> Callable[[], Awaitable[W]]:
        """A function that reads the world once."""

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

    async def reconcile(self, key: Key) -> Result:
        """One pass over one object. Foreseen outcomes never escape."""
        try:
            return await self._reconcile(key)
        except Conflict as conflict:
            logger.info("The object is read again: %s", conflict.message)
            return Result(requeue_after=0.0)
        except Outcome as outcome:
            logger.warning("The pass was cut short: %s", outcome.message)
            return Result(failed=True)

    async def _reconcile(self, key: Key) -> Result:
        raw = await self.adapters.objects.get(key.kind, key.namespace, key.name)
        if raw is None:
            return Result(gone=True)
        try:
            resource = cast("R", self.kind.model.model_validate(raw))
        except ValidationError as error:
            return await report_invalid(self.adapters, raw, error, self.required)
        if resource.deleting:
            return await self._delete(key, resource, raw)
        if resource.paused:
            return await self._pause(resource, raw)
        if self._held_back(resource) is None:
            raw = await self.adapters.objects.add_finalizer(raw)
        return await self._report(resource, raw, await self._pass(key, resource, self.plan))

    async def _delete(self, key: Key, resource: R, raw: dict[str, Any]) -> Result:
        if FINALIZER not in resource.metadata.finalizers:
            return Result()
        if resource.paused and not self.spec_of(resource).retains:
            return Result()
        if self.adapters.read_only:
            message = "Nothing is removed, and the object stays, while the operator runs with --read-only."
            verdict = Verdict.no(Reason.OBSERVE_ONLY, message)
            return await self._report(
                resource, raw, Pass(self.status_of(resource), {ConditionType.READY: verdict})
            )
        if self.spec_of(resource).observes:
            return await self._let_go(resource, raw)
        done = await self._pass(key, resource, self.teardown, self._brake(resource, raw))
        if not done.gone:
            return await self._report(resource, raw, done)
        await self.adapters.objects.remove_finalizer(raw)
        logger.info("Everything of this object is gone")
        return Result()

    def _held_back(self, resource: R) -> str | None:
        """What keeps the operator from writing for this object, or None."""
        if self.adapters.read_only:
            return "the operator runs with --read-only"
        return "spec.managementPolicy is Observe" if self.spec_of(resource).observes else None

    def _brake(self, resource: R, raw: dict[str, Any]) -> Gate:
        """Retained things are not removed: nothing holds that up."""
        if self.spec_of(resource).retains:
            return _open
        return partial(self.adapters.brake.passed, raw, self.status_of(resource))

    async def _let_go(self, resource: R, raw: dict[str, Any]) -> Result:
        """The end of an object that is only observed: nothing outside Kubernetes is even looked at."""
        parts = await self.letting_go(resource)
        for step in steps_of(parts):
            await self.adapters.objects.apply(cast("KubernetesStep", step))
        if steps_of(parts):
            parts = await self.letting_go(resource)
        if not all_done(parts, {}):
            done = Pass(self.status_of(resource), verdicts_of(parts, {}, 1), outcomes_of(parts, {}))
            return await self._report(resource, raw, done)
        await self.adapters.objects.remove_finalizer(raw)
        logger.info("This object is let go; what was made for it stays")
        return Result()

    async def _pause(self, resource: R, raw: dict[str, Any]) -> Result:
        message = f"Nothing is read or written while the annotation {ANNOTATION_PAUSED} is true."
        verdict = Verdict.unknown(Reason.PAUSED, message)
        await self._report(resource, raw, Pass(self.status_of(resource), {ConditionType.READY: verdict}))
        return Result()

    async def _pass(
        self, key: Key, resource: R, planner: Callable[[D, W, int], Sequence[Part]], gate: Gate = _open
    ) -> Pass[S]:
        attempts = self.adapters.failures(key) + 1
        status = self.status_of(resource)
        ground = await establish(
            self.adapters,
            await self.integration_of(resource),
            pinned_cluster=status.teleport_cluster,
            teleport_condition=self.teleport_condition,
            attempts=attempts,
        )
        if ground.scope is None or ground.account is None:
            return Pass(status, ground.verdicts, ground.outcomes)
        wanted = await self.wanted(resource, ground.scope)
        observe = self.observer(resource, wanted, ground.account)

        def plan(world: W) -> Sequence[Part]:
            return planner(wanted, world, attempts)

        async def planned_apart(world: W) -> Sequence[Part]:
            """Plans of thousands of databases take long: in a thread they do not hold up the other passes."""
            return await gate(await asyncio.to_thread(plan, world))

        if why := self._held_back(resource):
            end = await look(observe, planned_apart)
            planned = await asyncio.to_thread(
                foresee, end.world, plan, lambda world, step: self.assume(wanted, world, step)
            )
            return await self._observed(status, wanted, end, planned, ground.verdicts, attempts, why)
        apply = applier(self.adapters, ground.account)
        creations = self._creations.setdefault(key, Creations(self.adapters.now))

        async def planned_and_compared(world: W) -> Sequence[Part]:
            parts = await planned_apart(world)
            creations.look(steps_of(parts))
            return parts

        at_once = self.adapters.concurrent_writes
        end = await converge(observe, planned_and_compared, creations.guarding(apply), at_once=at_once)
        if creations.all_seen:
            del self._creations[key]
        failures = end.failures.by_condition
        aim = None if resource.deleting else await self._digest(status, wanted, end)
        return Pass(
            await asyncio.to_thread(self.observed_status, status, wanted, end),
            {**ground.verdicts, **verdicts_of(end.parts, failures, attempts)},
            outcomes_of(end.parts, failures),
            gone=all_done(end.parts, failures),
            aim=aim,
            corrected=corrections(status.settled_digest, aim, end.applied),
        )

    async def _observed(
        self,
        status: S,
        wanted: D,
        end: Converged[W],
        planned: Sequence[Step],
        established: Mapping[ConditionType, Verdict],
        attempts: int,
        why: str,
    ) -> Pass[S]:
        """What is reported of an object that is only observed. Nobody is reconciling while something is planned."""
        parts = [observed_only(part, why) for part in end.parts]
        verdicts = {**established, **verdicts_of(parts, {}, attempts)}
        outcomes = outcomes_of(parts, {})
        if planned and not outcomes:
            message = f"{len(planned)} writes are not made, because {why}: see status.plan."
            verdicts[ConditionType.READY] = Verdict.no(Reason.OBSERVE_ONLY, message)
        seen = self.observed_status(status, wanted, end)
        return Pass(seen, verdicts, outcomes, aim=await self._digest(status, wanted, end), planned=planned)

    async def _digest(self, status: S, wanted: D, end: Converged[W]) -> str | None:
        """A pass without a write changes nothing about what is in place: only a first one is worth the digest."""
        if status.settled_digest is not None and not end.applied:
            return None
        return await asyncio.to_thread(self._digest_of, wanted, end.world)

    def _digest_of(self, wanted: D, world: W) -> str | None:
        aim = self.aim(wanted, world)
        return None if aim is None else digest(aim)

    async def _report(self, resource: R, raw: dict[str, Any], done: Pass[S]) -> Result:
        status = finished_status(
            resource,
            done.status,
            done.verdicts,
            done.outcomes,
            required=self.required,
            adapters=self.adapters,
            aim=done.aim,
            planned=done.planned,
        )
        # Before the status, whose write may end in a conflict: the next pass does not know any more.
        await self.adapters.drift.tell(raw, done.corrected)
        await publish(self.adapters, raw, self.status_of(resource).conditions, status)
        return requeue(self.adapters, status.conditions, done.outcomes, self.spec_of(resource).resync_seconds)

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
        )

    def owner(self, resource: Resource) -> Owner:
        """Whose the resources of this object are."""
        metadata = resource.metadata
        return Owner(self.adapters.owner_id, self.kind.short_name, metadata.namespace, metadata.name)
