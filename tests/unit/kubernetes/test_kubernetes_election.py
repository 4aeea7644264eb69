"""Leadership by a Lease: who may take it, for how long it is held, and when it is lost."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.kubernetes.election import Election
from rds_enrollment.kubernetes.lease import Leases
from rds_enrollment.kubernetes.rest import Rest
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.fence import Fence, NotLeadingError

from tests.unit.kubernetes.fake_api import FakeApi
from tests.unit.kubernetes.lease_server import NAME, NAMESPACE, LeaseServer

DURATION = 15
DEADLINE = 10.0
"""Two thirds of it."""


@dataclass
class Clock:
    """Of all processes: what they may not compare, they do not."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@dataclass
class Process:
    """One candidate."""

    election: Election
    fence: Fence
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def writes(self) -> bool:
        try:
            self.fence.check()
        except NotLeadingError:
            return False
        return True


@pytest.fixture
def server(api: FakeApi) -> LeaseServer:
    return LeaseServer(api)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Start = Callable[[str], Process]


@pytest.fixture
def start(rest: Rest, server: LeaseServer, clock: Clock) -> Start:
    def started(identity: str) -> Process:
        registry, fence = CollectorRegistry(), Fence(clock)
        election = Election(
            Leases(rest, namespace=NAMESPACE, name=NAME),
            fence,
            identity=identity,
            duration=DURATION,
            clock=clock,
            now=clock.now,
            rng=random.Random(1),  # noqa: S311 - jitter
            registry=registry,
        )
        return Process(election, fence, registry)

    return started


def master(process: Process) -> float | None:
    return process.registry.get_sample_value("leader_election_master_status", {"name": NAME})


async def test_the_first_candidate_leads_and_the_second_stands_by(start: Start, server: LeaseServer) -> None:
    one, two = start("one"), start("two")
    assert await one.election.attempt()
    assert not await two.election.attempt()
    assert (one.writes(), two.writes()) == (True, False)
    assert (master(one), master(two)) == (1.0, 0.0)
    assert two.election.failure() is None, "it is ready to lead"
    assert server.spec == {
        "holderIdentity": "one",
        "leaseDurationSeconds": DURATION,
        "acquireTime": "2026-01-01T00:16:40.000000Z",
        "renewTime": "2026-01-01T00:16:40.000000Z",
        "leaseTransitions": 0,
    }


async def test_a_lease_is_taken_when_it_stayed_the_same_for_its_duration(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    one, two = start("one"), start("two")
    await one.election.attempt()
    clock.seconds += 100  # nobody knows yet for how long it has been so
    assert not await two.election.attempt()
    clock.seconds += DURATION - 0.1
    assert not await two.election.attempt()
    clock.seconds += 0.1
    assert await two.election.attempt()
    assert (server.spec["holderIdentity"], server.spec["leaseTransitions"]) == ("two", 1)


async def test_each_renewal_keeps_others_off(start: Start, clock: Clock) -> None:
    one, two = start("one"), start("two")
    await one.election.attempt()
    for _ in range(10):
        assert not await two.election.attempt()
        clock.seconds += DEADLINE - 1
        await one.election.renew()
        assert one.writes()


async def test_of_two_that_take_it_at_once_one_leads(start: Start) -> None:
    candidates = [start(name) for name in ("one", "two", "three")]
    taken = await asyncio.gather(*(process.election.attempt() for process in candidates))
    assert sorted(taken) == [False, False, True]
    assert [process.writes() for process in candidates] == taken


async def test_the_leader_stops_writing_before_another_may_begin(start: Start, clock: Clock) -> None:
    one, two = start("one"), start("two")
    await one.election.attempt()
    assert not await two.election.attempt()
    clock.seconds += DEADLINE
    assert not one.writes()
    assert not await two.election.attempt()
    clock.seconds += DURATION - DEADLINE
    assert await two.election.attempt()


async def test_the_time_of_a_renewal_counts_from_before_it_was_sent(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    one = start("one")
    await one.election.attempt()
    server.lost = True
    clock.seconds += 2
    await one.election.renew()
    clock.seconds += DEADLINE - 2
    assert not one.writes(), "an answer that never came proves nothing"


async def test_a_renewal_whose_answer_was_lost_is_no_loss(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    one = start("one")
    await one.election.attempt()
    server.lost = True
    await one.election.renew()
    assert one.election.failure()
    clock.seconds += 2
    await one.election.renew()
    assert one.election.failure() is None
    assert one.writes()


async def test_a_change_by_somebody_elses_hand_is_no_loss(start: Start, server: LeaseServer) -> None:
    one = start("one")
    await one.election.attempt()
    server.touch()
    await one.election.renew()
    assert one.writes()
    assert server.stored is not None
    assert server.stored["metadata"]["labels"] == {"a": "b"}


async def test_an_api_server_that_is_away_costs_the_lease_at_its_deadline(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    one = start("one")
    await one.election.attempt()
    server.away = True
    clock.seconds += DEADLINE - 1
    await one.election.renew()
    assert one.writes()
    clock.seconds += 1
    with pytest.raises(
        FatalError, match=f"the Lease {NAMESPACE}/{NAME} was not renewed in time: update leases"
    ):
        await one.election.renew()
    server.away = False
    with pytest.raises(FatalError):
        await one.election.renew()
    assert not one.writes(), "what is lost stays lost"


async def test_who_was_stopped_for_too_long_does_not_write_nor_renew(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    one = start("one")
    await one.election.attempt()
    before = server.stored
    clock.seconds += 3600
    assert not one.writes()
    with pytest.raises(FatalError, match="stopped for too long"):
        await one.election.renew()
    assert server.stored == before


async def test_a_lease_that_another_took_is_lost_at_once(start: Start, server: LeaseServer) -> None:
    one = start("one")
    await one.election.attempt()
    server.spec["holderIdentity"] = "two"
    server.touch()
    with pytest.raises(FatalError, match="was taken over by two"):
        await one.election.renew()
    assert not one.writes()


async def test_a_deleted_lease_is_lost(start: Start, server: LeaseServer) -> None:
    one = start("one")
    await one.election.attempt()
    server.stored = None
    with pytest.raises(FatalError, match="was deleted"):
        await one.election.renew()
    assert not one.writes()


async def test_a_restarted_container_follows_itself_at_once(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    former, present = start("pod-a"), start("pod-a")
    await former.election.attempt()
    clock.seconds += 1
    assert await present.election.attempt()
    assert server.spec["leaseTransitions"] == 1
    with pytest.raises(FatalError, match="taken over by pod-a"):  # if it was not dead after all
        await former.election.renew()
    await present.election.renew()


async def test_a_released_lease_is_free_at_once(start: Start, server: LeaseServer) -> None:
    one, two = start("one"), start("two")
    await one.election.attempt()
    assert not await two.election.attempt()
    await one.election.release()
    assert server.spec["holderIdentity"] == ""
    assert not one.writes()
    assert await two.election.attempt()


async def test_a_lease_of_somebody_else_is_not_released(start: Start, server: LeaseServer) -> None:
    one, two = start("one"), start("two")
    await one.election.attempt()
    server.spec["holderIdentity"] = ""
    server.touch()
    await two.election.attempt()
    await one.election.release()
    assert server.spec["holderIdentity"] == "two"


async def test_who_never_led_releases_nothing(start: Start, server: LeaseServer) -> None:
    await start("one").election.release()
    assert server.stored is None


async def test_a_candidate_waits_for_an_api_server_that_is_away(start: Start, server: LeaseServer) -> None:
    one = start("one")
    server.away = True
    assert not await one.election.attempt()
    assert one.election.failure(), "it is not ready: it could not lead"
    server.away = False
    assert await one.election.attempt()
    assert one.election.failure() is None


@pytest.mark.parametrize(("method", "verb"), [("GET", "get"), ("POST", "create")])
async def test_a_missing_right_ends_a_candidate(
    start: Start, server: LeaseServer, method: str, verb: str
) -> None:
    server.forbidden.add(method)
    with pytest.raises(FatalError, match=f"service account to {verb} leases.coordination.k8s.io"):
        await start("one").election.attempt()


async def test_a_right_that_is_missing_for_a_while_is_waited_for_by_the_leader(
    start: Start, server: LeaseServer, clock: Clock
) -> None:
    """An API server that starts refuses everybody until it knows the roles."""
    one = start("one")
    await one.election.attempt()
    server.forbidden.add("PUT")
    clock.seconds += 2
    await one.election.renew()
    server.forbidden.clear()
    await one.election.renew()
    assert one.election.failure() is None


async def test_who_is_to_stop_does_not_wait_for_the_lease(start: Start) -> None:
    one, two = start("one"), start("two")
    stopping = asyncio.Event()
    assert await one.election.acquire(stopping)
    waiting = asyncio.create_task(two.election.acquire(stopping))
    stopping.set()
    async with asyncio.timeout(10):
        assert not await waiting
