"""Public addresses of tasks: from the routes, as asked for, and never a rollout that nobody asked for."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec, EnvironmentVariable
from rds_enrollment.api.network import AssignPublicIp
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.addressing import Ways, ways_out
from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.network import network_part
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.network import Vpc
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.steps.ecs import UpdateService

from tests.unit.plan.deployment.build import (
    SERVICE_SEEN,
    SUBNETS,
    VPC_SEEN,
    WANTED,
    arn,
    service,
    task_definition,
    world,
)
from tests.unit.plan.network import dsl

AUTO, ENABLED, DISABLED = AssignPublicIp
PUBLIC, NAT, NOWHERE = "0.0.0.0/0 igw-1", "0.0.0.0/0 nat-1", ""
DENIED = Unseen(Blocked(Reason.ACCESS_DENIED, "no"))
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))
WITHOUT = service(network=replace(SERVICE_SEEN.network, assign_public_ip=False))


def vpc(*routes: str) -> Vpc:
    """Each subnet with a table of its own that has the local route and one more; NAT in a third, public one."""
    tables = [
        dsl.table(f"rtb-{number}", *filter(None, ("10.0.0.0/16 local", route)), subnets=subnet)
        for number, (subnet, route) in enumerate(zip(SUBNETS, routes, strict=True))
    ]
    return dsl.edited(
        VPC_SEEN, dsl.subnet("subnet-nat", "10.0.9.0/24"), dsl.nat("nat-1", "subnet-nat"), *tables
    )


def asks(seen: DeploymentWorld, chosen: AssignPublicIp | None) -> bool:
    picked = network(replace(WANTED, assign_public_ip=chosen), seen)
    assert picked is not None
    return picked.assign_public_ip


@pytest.mark.parametrize("now", [None, SERVICE_SEEN, WITHOUT])
@pytest.mark.parametrize(
    ("routes", "needed"),
    [
        ((PUBLIC, PUBLIC), True),
        ((PUBLIC, NAT), True),
        ((NAT, NAT), False),
        ((NOWHERE, NAT), False),
        (("::/0 igw-1", "10.9.0.0/16 igw-1"), False),
        (("0.0.0.0/0 igw-1 blackhole", NAT), True),
    ],
)
def test_auto_follows_the_default_routes(routes: tuple[str, ...], needed: bool, now: Any) -> None:
    assert asks(world(vpc=vpc(*routes), service=now), AUTO) is needed


@pytest.mark.parametrize("seen", [vpc(PUBLIC, NAT), vpc(NAT, NAT), None, UNREAD])
def test_asked_for_is_done(seen: Any) -> None:
    assert asks(world(vpc=seen), ENABLED) is True
    assert asks(world(vpc=seen), DISABLED) is False


@pytest.mark.parametrize("chosen", [None, AUTO])
@pytest.mark.parametrize("seen", [None, UNREAD, Vpc(VPC_SEEN.id)])
def test_unknown_routes_change_nothing(seen: Any, chosen: AssignPublicIp | None) -> None:
    assert asks(world(vpc=seen), chosen) is True
    assert asks(world(vpc=seen, service=WITHOUT), chosen) is False
    assert asks(world(vpc=seen, service=None), chosen) is True


@pytest.mark.parametrize(
    ("fields", "chosen", "attempts", "goes_on"),
    [
        ({"service": None}, None, 1, False),
        ({"service": None}, AUTO, 3, False),
        ({"service": None}, AUTO, 4, True),
        ({"service": None}, DISABLED, 1, True),
        ({"service": WITHOUT}, AUTO, 1, True),
        ({"service": None, "vpc": DENIED}, AUTO, 1, True),
    ],
)
def test_a_hiccup_gives_no_new_service_addresses_that_it_would_keep(
    fields: dict[str, Any], chosen: AssignPublicIp | None, attempts: int, goes_on: bool
) -> None:
    """It is looked at again, and not for ever; who may not read the routes gets what the wizard gives."""
    wanted = replace(WANTED, assign_public_ip=chosen)
    assert network_part(wanted, world(**{"vpc": UNREAD, **fields}), attempts).done is goes_on


def test_what_a_former_release_made_is_not_rolled_out_for_this() -> None:
    private = vpc(NAT, NAT)
    seen = world(vpc=private)
    assert steps_of(plan(WANTED, seen)) == ()
    assert network_part(WANTED, seen, 1).verdict.message.endswith(
        "They have public addresses, which none of these subnets needs; with assignPublicIp: Auto they lose them now, "
        "else in the next rollout."
    )
    chosen = replace(WANTED, assign_public_ip=ENABLED)
    assert network_part(chosen, seen, 1).verdict.message.endswith("which none of these subnets needs.")
    [asked_for] = steps_of(plan(replace(WANTED, assign_public_ip=AUTO), seen))
    assert isinstance(asked_for, UpdateService)
    assert not asked_for.shape.network.assign_public_ip
    assert not asks(world(vpc=private, service=None), None)


def test_another_rollout_takes_them_away() -> None:
    told = AgentSpec(environment=(EnvironmentVariable(name="A", value="b"),))
    body = task_definition(2).body
    container = {**body["containerDefinitions"][0]}
    container["environment"] = [*container["environment"], {"name": "A", "value": "b"}]
    newer = task_definition(2, body={**body, "containerDefinitions": [container]})
    seen = world(vpc=vpc(NAT, NAT), newest=newer, revisions=(arn(1), arn(2)))
    [update] = steps_of(plan(replace(WANTED, agents=told), seen))
    assert isinstance(update, UpdateService)
    assert (update.shape.task_definition_arn, update.shape.network.assign_public_ip) == (arn(2), False)
    fewer = replace(WANTED, subnets=replace(WANTED.subnets, ids=SUBNETS[:1]))
    [other] = steps_of(plan(fewer, world(vpc=vpc(NAT, NAT), subnets=world().subnets[:1])))  # type: ignore[index]
    assert isinstance(other, UpdateService)
    assert not other.shape.network.assign_public_ip


def test_needed_ones_come_at_once() -> None:
    [update] = steps_of(plan(WANTED, world(service=WITHOUT)))
    assert isinstance(update, UpdateService)
    assert update.shape.network.assign_public_ip


def test_mixed_subnets_are_told() -> None:
    mixed = vpc(PUBLIC, NAT)
    assert ways_out(mixed, frozenset(SUBNETS)) == Ways(SUBNETS[:1], SUBNETS[1:])
    message = network_part(WANTED, world(vpc=mixed), 1).verdict.message
    assert f"{SUBNETS[0]} lead to an internet gateway and {SUBNETS[1]} do not" in message
