"""The live view against the sandbox's auth server: its answers, and whom they wake."""

from datetime import timedelta

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import MaintenanceWindow
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.teleport.databases_wire import read_database
from rds_enrollment.teleport.wakes import GATHERING_SECONDS
from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

from hack.sandbox.teleport.server import TeleportSandbox
from tests.unit.sandbox_teleport.world import integration, token
from tests.unit.teleport.view.view_world import (
    DEPLOYMENT,
    DEPLOYMENT_MARK,
    ENROLLMENT,
    PACE,
    ManualTime,
    World,
    open_world,
    owned_database,
    server,
    service,
)


async def test_what_was_there_before_is_answered_without_a_call(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    soon = clock() + timedelta(minutes=10)
    stored = sandbox.resources.databases.put(owned_database())
    sandbox.resources.tokens.put(token("t"))
    sandbox.resources.integrations.put(integration("i"))
    sandbox.resources.database_services.put(service("host", soon))
    sandbox.resources.database_servers.put(server("host", stored, soon))
    async with open_world(sandbox, clock, PACE) as world:
        await world.in_step()
        await world.view.cluster()
        before = sandbox.calls

        assert await world.view.databases() == [read_database(stored)]
        found = await world.view.get_token("t")
        assert found is not None
        assert found.join_method == "iam"
        assert await world.view.get_token("u") is None
        assert await world.view.get_integration("i") is not None
        assert [agent.host_id for agent in await world.view.agents()] == ["host"]
        assert [each.health.status for each in await world.view.database_servers()] == ["healthy"]
        assert (await world.view.cluster()).name == sandbox.cluster_name
        assert sandbox.calls == before


async def test_events_change_the_answers(world: World) -> None:
    resources = world.sandbox.resources
    soon = world.clock() + timedelta(minutes=10)
    first = resources.databases.put(owned_database("a"))
    resources.databases.put(owned_database("b"))
    resources.database_servers.put(server("h1", first, soon))
    resources.database_servers.put(server("h2", first, soon))
    resources.databases.discard("b")
    resources.database_servers.discard("h1/a")
    await world.until(world.is_exact)

    assert [each.name for each in await world.view.databases()] == ["a"]
    assert [each.host_id for each in await world.view.database_servers()] == ["h2"]


async def test_only_whom_it_concerns_is_woken(world: World) -> None:
    resources = world.sandbox.resources
    soon = world.clock() + timedelta(minutes=10)
    resources.databases.put(owned_database("theirs", "other/rdsenroll/databases/payments"))
    resources.databases.put(owned_database("odd", "prod/no-kind/a/b"))
    resources.tokens.put(token("plain"))
    resources.database_services.put(service("h1", soon, vpc_id="vpc-other"))
    await world.quiet()
    assert world.all_woken() == set()

    resources.databases.put(owned_database())
    await world.until(lambda: world.all_woken() == {ENROLLMENT})

    world.woken.clear()
    resources.database_services.put(service("h2", soon))
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})

    world.woken.clear()
    ours = token("ours")
    ours.Metadata.Labels[OWNER_MARK] = DEPLOYMENT_MARK
    resources.tokens.put(ours)
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})


async def test_a_renewal_wakes_nobody_and_a_change_of_health_does(world: World) -> None:
    resources = world.sandbox.resources
    stored = resources.databases.put(owned_database())
    soon, later = (world.clock() + timedelta(minutes=minutes) for minutes in (10, 20))
    resources.database_services.put(service("h", soon))
    resources.database_servers.put(server("h", stored, soon))
    await world.quiet()
    world.woken.clear()

    resources.database_services.put(service("h", later))
    resources.database_servers.put(server("h", stored, later))
    await world.quiet()
    assert world.woken == []
    assert [agent.expires for agent in await world.view.agents()] == [later]

    resources.database_servers.put(server("h", stored, later, "unhealthy"))
    await world.until(lambda: world.all_woken() == {ENROLLMENT})


async def test_the_news_of_many_databases_waits_for_more_of_it_and_that_of_an_agent_does_not(
    world: World,
) -> None:
    resources = world.sandbox.resources
    stored = resources.databases.put(owned_database())
    await world.quiet()
    world.woken.clear()

    soon = world.clock() + timedelta(minutes=10)
    resources.database_servers.put(server("h", stored, soon))
    resources.database_services.put(service("h", soon))
    await world.quiet()
    assert world.woken == [{ENROLLMENT: GATHERING_SECONDS}, {DEPLOYMENT: 0.0}]


async def test_a_heartbeat_expires_by_its_own_time(world: World) -> None:
    resources = world.sandbox.resources
    stored = resources.databases.put(owned_database())
    resources.database_services.put(service("h", world.clock() + timedelta(minutes=10)))
    resources.database_servers.put(server("h", stored, world.clock() + timedelta(minutes=20)))
    await world.quiet()
    world.woken.clear()

    world.clock.advance(minutes=9, seconds=59)
    await world.quiet()
    assert len(await world.view.agents()) == 1
    world.clock.advance(seconds=1)
    await world.until(lambda: world.all_woken() == {DEPLOYMENT})
    assert await world.view.agents() == []
    assert len(await world.view.database_servers()) == 1

    world.woken.clear()
    world.clock.advance(minutes=10)
    await world.until(lambda: world.all_woken() == {ENROLLMENT})
    assert await world.view.database_servers() == []


async def test_user_tasks_are_asked_for_once_in_a_while_and_so_is_a_refusal(world: World) -> None:
    rpc = "teleport.usertasks.v1.UserTaskService/ListUserTasks"
    assert await world.view.user_tasks() == ()
    assert await world.view.user_tasks() == ()
    assert world.sandbox.calls[rpc] == 1


async def test_a_refusal_of_user_tasks_is_remembered(sandbox: TeleportSandbox, clock: ManualTime) -> None:
    sandbox.role = sandbox.role.without("user_task")
    async with open_world(sandbox, clock, PACE) as world:
        for _ in range(2):
            with pytest.raises(Blocked, match="a rule for user_task with list, read"):
                await world.view.user_tasks()
    assert sandbox.calls["teleport.usertasks.v1.UserTaskService/ListUserTasks"] == 1


async def test_the_window_comes_with_the_cluster_and_a_refusal_is_remembered(
    sandbox: TeleportSandbox, clock: ManualTime
) -> None:
    rpc = "proto.AuthService/GetClusterMaintenanceConfig"
    sandbox.maintenance = AgentUpgradeWindow(UTCStartHour=3, Weekdays=["Tuesday"])
    async with open_world(sandbox, clock, PACE) as world:
        assert (await world.view.cluster()).window == MaintenanceWindow(3, frozenset({1}))
        assert sandbox.calls[rpc] == 1
    sandbox.role = sandbox.role.without("cluster_maintenance_config")
    async with open_world(sandbox, clock, PACE) as world:
        for _ in range(2):
            sandbox.events.drop()
            await world.until(lambda: not world.view.live)
            window = (await world.view.cluster()).window
            assert isinstance(window, Unseen)
            assert isinstance(window.outcome, Blocked)
            await world.in_step()
    assert sandbox.calls[rpc] == 2
