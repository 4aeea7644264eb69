"""The frame of a pass, the same for all three kinds: read, stand on firm ground, observe, plan, apply, report."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, cast

from pydantic import ValidationError

from rds_enrollment.api.common import ANNOTATION_PAUSED, FINALIZER
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.apply import applier
from rds_enrollment.controllers.base import Controller, D, R, S, Standing, W
from rds_enrollment.controllers.converge import Converged, converge, look
from rds_enrollment.controllers.creations import Creations
from rds_enrollment.controllers.ground import Ground
from rds_enrollment.controllers.invalid import report_invalid
from rds_enrollment.controllers.report import finished_status, publish, requeue
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.drift import corrections, digest
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.part import Part, all_done, observed_only, outcomes_of, steps_of, verdicts_of
from rds_enrollment.plan.steps import KubernetesStep, Step
from rds_enrollment.runtime.reconciler import Key, Result

logger = logging.getLogger(__name__)

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


class Frame(Generic[R, S, D, W]):
    """Reconciles the objects of one kind (a `runtime.reconciler.Reconciler`)."""

    def __init__(self, controller: Controller[R, S, D, W]) -> None:
        self._controller = controller
        self._adapters = controller.adapters
        self._creations: dict[Key, Creations] = {}

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
        raw = await self._adapters.objects.get(key.kind, key.namespace, key.name)
        if raw is None:
            return Result(gone=True)
        try:
            resource = cast("R", self._controller.kind.model.model_validate(raw))
        except ValidationError as error:
            return await report_invalid(self._adapters, raw, error, self._controller.required)
        if resource.deleting:
            return await self._delete(key, resource, raw)
        if resource.paused:
            return await self._pause(resource, raw)
        if self._why_observed(resource) is None:
            raw = await self._adapters.objects.add_finalizer(raw)
        return await self._report(resource, raw, await self._pass(key, resource, self._controller.plan))

    async def _delete(self, key: Key, resource: R, raw: dict[str, Any]) -> Result:
        if FINALIZER not in resource.metadata.finalizers:
            return Result()
        if resource.paused and not self._controller.spec_of(resource).retains:
            return Result()
        if self._adapters.read_only:
            message = "Nothing is removed, and the object stays, while the operator runs with --read-only."
            verdict = Verdict.no(Reason.OBSERVE_ONLY, message)
            return await self._report(
                resource, raw, Pass(self._controller.status_of(resource), {ConditionType.READY: verdict})
            )
        if self._controller.spec_of(resource).observes:
            return await self._let_go(resource, raw)
        done = await self._pass(key, resource, self._controller.teardown, self._brake(resource, raw))
        if not done.gone:
            return await self._report(resource, raw, done)
        await self._adapters.objects.remove_finalizer(raw)
        logger.info("Everything of this object is gone")
        return Result()

    def _why_observed(self, resource: R) -> str | None:
        """Why the object is only observed; None when it is reconciled."""
        if self._adapters.read_only:
            return "the operator runs with --read-only"
        return "spec.managementPolicy is Observe" if self._controller.spec_of(resource).observes else None

    def _brake(self, resource: R, raw: dict[str, Any]) -> Gate:
        """Retained things are not removed: nothing holds that up."""
        if self._controller.spec_of(resource).retains:
            return _open
        return partial(self._adapters.brake.passed, raw, self._controller.status_of(resource))

    async def _let_go(self, resource: R, raw: dict[str, Any]) -> Result:
        """The end of an object that is only observed: nothing outside Kubernetes is even looked at."""
        parts = await self._controller.letting_go(resource)
        for step in steps_of(parts):
            await self._adapters.objects.apply(cast("KubernetesStep", step))
        if steps_of(parts):
            parts = await self._controller.letting_go(resource)
        if not all_done(parts, {}):
            done = Pass(
                self._controller.status_of(resource), verdicts_of(parts, {}, 1), outcomes_of(parts, {})
            )
            return await self._report(resource, raw, done)
        await self._adapters.objects.remove_finalizer(raw)
        logger.info("This object is let go; what was made for it stays")
        return Result()

    async def _pause(self, resource: R, raw: dict[str, Any]) -> Result:
        message = f"Nothing is read or written while the annotation {ANNOTATION_PAUSED} is true."
        verdict = Verdict.unknown(Reason.PAUSED, message)
        await self._report(
            resource, raw, Pass(self._controller.status_of(resource), {ConditionType.READY: verdict})
        )
        return Result()

    async def _pass(
        self, key: Key, resource: R, planner: Callable[[D, W, int], Sequence[Part]], gate: Gate = _open
    ) -> Pass[S]:
        attempts = self._adapters.failures(key) + 1
        standing = await self._controller.stand(resource, attempts)
        if isinstance(standing, Ground):
            return Pass(self._controller.status_of(resource), standing.verdicts, standing.outcomes)

        def plan(world: W) -> Sequence[Part]:
            return planner(standing.wanted, world, attempts)

        async def planned(world: W) -> Sequence[Part]:
            """Plans of thousands of databases take long: in a thread they do not hold up the other passes."""
            return await gate(await asyncio.to_thread(plan, world))

        if why := self._why_observed(resource):
            end = await look(standing.observe, planned)
            writes = await asyncio.to_thread(self._controller.foreseen, standing.wanted, end.world, plan)
            return await self._observed(resource, standing, end, writes, attempts, why)
        end = await self._converged(key, standing, planned)
        return await self._written(resource, standing, end, attempts)

    async def _converged(
        self, key: Key, standing: Standing[D, W], plan: Callable[[W], Awaitable[Sequence[Part]]]
    ) -> Converged[W]:
        """Everything written that can be; nothing is made a second time because IAM is late to show it."""
        creations = self._creations.setdefault(key, Creations(self._adapters.now))

        async def planned(world: W) -> Sequence[Part]:
            parts = await plan(world)
            creations.look(steps_of(parts))
            return parts

        apply = creations.guarding(applier(self._adapters, standing.account))
        end = await converge(standing.observe, planned, apply, at_once=self._adapters.concurrent_writes)
        if creations.all_seen:
            del self._creations[key]
        return end

    async def _written(
        self, resource: R, standing: Standing[D, W], end: Converged[W], attempts: int
    ) -> Pass[S]:
        """What is reported of an object that is reconciled."""
        status, failures = self._controller.status_of(resource), end.failures.by_condition
        aim = None if resource.deleting else await self._digest(status, standing.wanted, end)
        return Pass(
            await asyncio.to_thread(self._controller.observed_status, status, standing.wanted, end),
            {**standing.ground.verdicts, **verdicts_of(end.parts, failures, attempts)},
            outcomes_of(end.parts, failures),
            gone=all_done(end.parts, failures),
            aim=aim,
            corrected=corrections(status.settled_digest, aim, end.applied),
        )

    async def _observed(
        self,
        resource: R,
        standing: Standing[D, W],
        end: Converged[W],
        writes: Sequence[Step],
        attempts: int,
        why: str,
    ) -> Pass[S]:
        """What is reported of an object that is only observed. Nobody is reconciling while something is planned."""
        parts = [observed_only(part, why) for part in end.parts]
        verdicts = {**standing.ground.verdicts, **verdicts_of(parts, {}, attempts)}
        outcomes = outcomes_of(parts, {})
        if writes and not outcomes:
            message = f"{len(writes)} writes are not made, because {why}: see status.plan."
            verdicts[ConditionType.READY] = Verdict.no(Reason.OBSERVE_ONLY, message)
        status = self._controller.status_of(resource)
        seen = await asyncio.to_thread(self._controller.observed_status, status, standing.wanted, end)
        aim = await self._digest(status, standing.wanted, end)
        return Pass(seen, verdicts, outcomes, aim=aim, planned=writes)

    async def _digest(self, status: S, wanted: D, end: Converged[W]) -> str | None:
        """A pass without a write changes nothing about what is in place: only a first one is worth the digest."""
        if status.settled_digest is not None and not end.applied:
            return None
        return await asyncio.to_thread(self._digest_of, wanted, end.world)

    def _digest_of(self, wanted: D, world: W) -> str | None:
        aim = self._controller.aim(wanted, world)
        return None if aim is None else digest(aim)

    async def _report(self, resource: R, raw: dict[str, Any], done: Pass[S]) -> Result:
        status = finished_status(
            resource,
            done.status,
            done.verdicts,
            done.outcomes,
            required=self._controller.required,
            adapters=self._adapters,
            aim=done.aim,
            planned=done.planned,
        )
        # Before the status, whose write may end in a conflict: the next pass does not know any more.
        await self._adapters.drift.tell(raw, done.corrected)
        before = self._controller.status_of(resource)
        await publish(self._adapters, raw, before.conditions, status, self._controller.news(before, status))
        return requeue(
            self._adapters,
            status.conditions,
            done.outcomes,
            self._controller.spec_of(resource).resync_seconds,
        )
