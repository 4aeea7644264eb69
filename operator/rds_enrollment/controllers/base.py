"""The frame of a pass, the same for all three kinds: read, check, manage or tear down, report, say when next."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, cast

from pydantic import ValidationError

from rds_enrollment.api.common import FINALIZER, CommonStatus, Resource
from rds_enrollment.api.kinds import Kind
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.invalid import report_invalid
from rds_enrollment.controllers.report import finished_status, publish, requeue
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.outcome import Conflict, Outcome
from rds_enrollment.plan.ownership import Owner
from rds_enrollment.runtime.reconciler import Key, Result

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=CommonStatus)


@dataclass(frozen=True, slots=True)
class Pass(Generic[S]):
    """What a pass has to report."""

    status: S
    verdicts: Mapping[ConditionType, Verdict] = field(default_factory=dict)
    outcomes: Sequence[Outcome] = ()
    gone: bool = False
    """Of a teardown: everything of ours was read back as absent."""


class Controller(ABC, Generic[R, S]):
    """Reconciles the objects of one kind (a `runtime.reconciler.Reconciler`)."""

    kind: ClassVar[Kind]
    required: ClassVar[Sequence[ConditionType]]
    """The conditions that Ready sums up."""

    def __init__(self, adapters: Adapters) -> None:
        self.adapters = adapters

    @abstractmethod
    async def manage(self, resource: R, attempts: int) -> Pass[S]:
        """Bring the world in line with the object."""

    @abstractmethod
    async def tear_down(self, resource: R, attempts: int) -> Pass[S]:
        """Remove everything of ours that the object had made."""

    async def reconcile(self, key: Key) -> Result:
        """One pass over one object. Foreseen outcomes never escape."""
        try:
            return await self._reconcile(key)
        except Conflict as conflict:
            logger.info("read again: %s", conflict.message)
            return Result(requeue_after=0.0)
        except Outcome as outcome:
            logger.warning("the API server refused the pass: %s", outcome.message)
            return Result(failed=True)

    async def _reconcile(self, key: Key) -> Result:
        raw = await self.adapters.objects.get(key.kind, key.namespace, key.name)
        if raw is None:
            return Result()
        try:
            resource = cast("R", self.kind.model.model_validate(raw))
        except ValidationError as error:
            return await report_invalid(self.adapters, raw, error, self.required)
        if resource.deleting:
            return await self._delete(key, resource, raw)
        if resource.paused:
            return await self._pause(resource, raw)
        raw = await self.adapters.objects.add_finalizer(raw)
        done = await self.manage(resource, self._attempts(key))
        return await self._report(resource, raw, done)

    async def _delete(self, key: Key, resource: R, raw: dict[str, Any]) -> Result:
        if FINALIZER not in resource.metadata.finalizers or resource.paused:
            return Result()
        done = await self.tear_down(resource, self._attempts(key))
        if not done.gone:
            return await self._report(resource, raw, done)
        await self.adapters.objects.remove_finalizer(raw)
        logger.info("everything of this object is gone")
        return Result()

    async def _pause(self, resource: R, raw: dict[str, Any]) -> Result:
        verdict = Verdict.unknown(
            Reason.PAUSED,
            "Nothing is read or written while the annotation rds-enrollment.dev/paused is true.",
        )
        return await self._report(
            resource, raw, Pass(self.status_of(resource), {ConditionType.READY: verdict})
        )

    async def _report(self, resource: R, raw: dict[str, Any], done: Pass[S]) -> Result:
        status = finished_status(
            resource,
            done.status,
            done.verdicts,
            done.outcomes,
            required=self.required,
            adapters=self.adapters,
        )
        await publish(self.adapters, raw, self.status_of(resource).conditions, status)
        if resource.paused:
            return Result()
        return requeue(self.adapters, status.conditions, done.outcomes, self.resync_seconds(resource))

    @abstractmethod
    def status_of(self, resource: R) -> S:
        """The object's status as it was read."""

    @abstractmethod
    def resync_seconds(self, resource: R) -> float:
        """Seconds between two looks at a converged object."""

    def owner(self, resource: Resource) -> Owner:
        """Whose the resources of this object are."""
        metadata = resource.metadata
        return Owner(self.adapters.owner_id, self.kind.short_name, metadata.namespace, metadata.name)

    def _attempts(self, key: Key) -> int:
        return self.adapters.failures(key) + 1
