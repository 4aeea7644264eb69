"""An API server that is away is waited for; a refusal is none that time mends."""

import asyncio

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.kubernetes.patience import until_answered
from rds_enrollment.plan.outcome import Blocked, Outcome, Transient

AWAY = Transient(Reason.KUBERNETES_UNAVAILABLE, "nobody answers")
REFUSED = Blocked(Reason.ACCESS_DENIED, "no right")


class Asked:
    """Raises these one after another, and then answers."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)

    async def __call__(self) -> str:
        if self._outcomes:
            raise self._outcomes.pop(0)
        return "answer"


async def test_it_is_asked_until_it_answers() -> None:
    assert await until_answered(Asked(AWAY, AWAY), asyncio.Event(), pause=0.0) == "answer"


async def test_a_refusal_is_not_waited_out() -> None:
    with pytest.raises(Blocked, match="no right"):
        await until_answered(Asked(AWAY, REFUSED), asyncio.Event(), pause=0.0)


async def test_who_has_to_stop_waits_no_longer() -> None:
    stopping = asyncio.Event()
    waiting = asyncio.create_task(until_answered(Asked(AWAY, AWAY), stopping, pause=3600.0))
    await asyncio.sleep(0)
    stopping.set()
    with pytest.raises(Transient, match="nobody answers"):
        await waiting
