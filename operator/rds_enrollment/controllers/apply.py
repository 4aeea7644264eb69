"""Hands each step to the adapter that writes it."""

from collections.abc import Awaitable, Callable

from rds_enrollment.aws.apply import apply as apply_to_aws
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.plan.steps import AwsStep, KubernetesStep, Step, TeleportStep


def applier(adapters: Adapters, account: AwsAccount) -> Callable[[Step], Awaitable[None]]:
    """A function that performs one step. It raises Outcome."""

    async def apply(step: Step) -> None:
        match step:
            case AwsStep():
                await adapters.threads.run(apply_to_aws, account, step)
            case TeleportStep():
                await adapters.teleport.apply(step)
            case KubernetesStep():
                await adapters.objects.apply(step)
            case _:
                raise AssertionError(f"no adapter writes {step.name}")

    return apply
