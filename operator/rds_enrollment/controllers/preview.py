"""What a pass over each of some objects would write, of which nothing is written."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from rds_enrollment.api.reasons import Reason
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.base import Controller
from rds_enrollment.controllers.ground import Ground
from rds_enrollment.controllers.invalid import faults
from rds_enrollment.controllers.registry import controllers
from rds_enrollment.kubernetes.manifests import ManifestObjects
from rds_enrollment.plan.outcome import Outcome, Terminal
from rds_enrollment.plan.part import Part, outcomes_of
from rds_enrollment.plan.steps import KubernetesStep, Step
from rds_enrollment.plan.steps.kubernetes import ApplyDeployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be written for one object in AWS and Teleport, in order, and what is in the way."""

    kind: str
    namespace: str
    name: str
    steps: Sequence[Step] = ()
    hindrances: Sequence[Outcome] = ()
    remarks: Sequence[str] = ()
    """What is in the way of nothing, and may not be meant: an enrolment that chooses no database."""
    idle: str = ""
    """Why nothing is written for it: it is paused, or only observed."""


async def preview_all(adapters: Adapters, objects: ManifestObjects) -> list[Preview]:
    """All objects, kind by kind: what an enrolment generates is looked at after it, as if it were there."""
    found: list[Preview] = []
    for kind, controller in controllers(adapters).items():
        for raw in await objects.list(kind):
            preview = await _preview(controller, raw)
            for step in preview.steps:
                if isinstance(step, ApplyDeployment):
                    objects.add(dict(step.manifest))
            found.append(_outside_kubernetes(preview))
    return found


def _outside_kubernetes(preview: Preview) -> Preview:
    steps = [step for step in preview.steps if not isinstance(step, KubernetesStep)]
    return replace(preview, steps=() if preview.idle else steps)


async def _preview(controller: Controller[Any, Any, Any, Any], raw: dict[str, Any]) -> Preview:
    named = {"namespace": raw["metadata"]["namespace"], "name": raw["metadata"]["name"]}
    kind = controller.kind.kind
    try:
        resource = controller.kind.model.model_validate(raw)
    except ValidationError as error:
        return Preview(kind=kind, **named, hindrances=[Terminal(Reason.INVALID_SPEC, faults(error))])
    if resource.paused:
        return Preview(kind=kind, **named, idle="paused")
    idle = "only observed" if controller.spec_of(resource).observes else ""
    preview = Preview(kind=kind, **named, idle=idle)
    try:
        return await _foreseen(controller, resource, preview)
    except Outcome as outcome:
        return replace(preview, hindrances=[outcome])


async def _foreseen(controller: Controller[Any, Any, Any, Any], resource: Any, preview: Preview) -> Preview:
    """`preview` with what a pass comes to, up to its first write. Raises Outcome."""
    standing = await controller.stand(resource)
    if isinstance(standing, Ground):
        return replace(preview, hindrances=standing.outcomes)

    def plan(world: Any) -> Sequence[Part]:
        return controller.plan(standing.wanted, world, 1)

    world = await standing.observe()
    steps = await asyncio.to_thread(controller.foreseen, standing.wanted, world, plan)
    parts = await asyncio.to_thread(plan, world)
    return replace(
        preview, steps=steps, hindrances=outcomes_of(parts, {}), remarks=tuple(map(_text, _noteworthy(parts)))
    )


def _noteworthy(parts: Sequence[Part]) -> Iterator[Part]:
    """What was read back and is not simply as wished."""
    return (part for part in parts if part.done and part.verdict.reason is not Reason.SUCCEEDED)


def _text(part: Part) -> str:
    return f"{part.condition}: {part.verdict.message}"
