"""Subnets and security groups: found, in the VPC, and a stable pick of them."""

from dataclasses import replace

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.network import network_part
from rds_enrollment.plan.deployment.wanted import Choice
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network, SecurityGroup, Subnet
from rds_enrollment.plan.outcome import Blocked, Transient

from tests.unit.plan.deployment.build import GROUP, OTHER_VPC, SUBNETS, VPC, WANTED, ZONES, service, world

FIRST, SECOND = (Subnet(item, VPC, zone) for item, zone in zip(SUBNETS, ZONES, strict=True))
GROUP_SEEN = SecurityGroup(GROUP, VPC, "agents")
BY_TAGS = replace(
    WANTED,
    subnets=Choice(tags={"tier": "private", "app": "teleport"}),
    security_groups=Choice(tags={"role": "agents"}),
)
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))


def test_found_in_the_vpc() -> None:
    part = network_part(WANTED, world(), 1)
    assert part.done
    assert part.verdict.status is ConditionStatus.TRUE
    assert all(item in part.verdict.message for item in (*SUBNETS, GROUP))
    assert network(WANTED, world()) == Network(frozenset(SUBNETS), frozenset({GROUP}), assign_public_ip=True)


@pytest.mark.parametrize(
    ("subnets", "groups", "reason", "named"),
    [
        ((FIRST,), (GROUP_SEEN,), Reason.SUBNETS_NOT_FOUND, SUBNETS[1]),
        ((), (GROUP_SEEN,), Reason.SUBNETS_NOT_FOUND, f"{SUBNETS[0]}, {SUBNETS[1]}"),
        ((FIRST, SECOND), (), Reason.SECURITY_GROUPS_NOT_FOUND, GROUP),
        ((FIRST,), (), Reason.SUBNETS_NOT_FOUND, SUBNETS[1]),
        (
            (FIRST, replace(SECOND, vpc_id=OTHER_VPC)),
            (GROUP_SEEN,),
            Reason.NOT_IN_VPC,
            f"{SUBNETS[1]} (in {OTHER_VPC})",
        ),
        (
            (FIRST, SECOND),
            (replace(GROUP_SEEN, vpc_id=OTHER_VPC),),
            Reason.NOT_IN_VPC,
            f"{GROUP} (in {OTHER_VPC})",
        ),
    ],
)
def test_wrong_ids(
    subnets: tuple[Subnet, ...], groups: tuple[SecurityGroup, ...], reason: Reason, named: str
) -> None:
    part = network_part(WANTED, world(subnets=subnets, security_groups=groups), 1)
    assert part.verdict.status is ConditionStatus.FALSE
    assert part.verdict.reason is reason
    assert named in part.verdict.message
    assert isinstance(part.outcome, Blocked)
    assert part.steps == ()


@pytest.mark.parametrize(
    ("subnets", "groups", "reason", "named"),
    [
        ((), (GROUP_SEEN,), Reason.SUBNETS_NOT_FOUND, "app=teleport, tier=private"),
        ((FIRST,), (), Reason.SECURITY_GROUPS_NOT_FOUND, "role=agents"),
    ],
)
def test_tags_that_nothing_carries(
    subnets: tuple[Subnet, ...], groups: tuple[SecurityGroup, ...], reason: Reason, named: str
) -> None:
    part = network_part(BY_TAGS, world(subnets=subnets, security_groups=groups), 1)
    assert part.verdict.reason is reason
    assert named in part.verdict.message
    assert VPC in part.verdict.message


def _many(count: int, zones: int) -> tuple[Subnet, ...]:
    return tuple(
        Subnet(f"subnet-{index:017x}", VPC, f"us-west-1{'abc'[index % zones]}") for index in range(count)
    )


def test_ecs_takes_sixteen_subnets_and_five_groups() -> None:
    subnets = _many(20, 2)
    groups = tuple(SecurityGroup(f"sg-{index:017x}", VPC, "agents") for index in range(7))
    picked = network(WANTED, world(service=None, subnets=subnets, security_groups=groups))
    assert picked == network(WANTED, world(service=None, subnets=subnets[::-1], security_groups=groups[::-1]))
    assert picked is not None
    assert picked.subnets == {item.id for item in subnets[:16]}
    assert picked.security_groups == {item.id for item in groups[:5]}


def test_a_pick_covers_the_zones() -> None:
    crowd = _many(20, 1)
    alone = replace(crowd[-1], availability_zone="us-west-1c")
    picked = network(WANTED, world(service=None, subnets=(*crowd[:-1], alone)))
    assert picked is not None
    assert alone.id in picked.subnets
    assert len(picked.subnets) == 16


def test_what_is_in_use_stays_while_it_matches() -> None:
    subnets = _many(20, 2)
    groups = tuple(SecurityGroup(f"sg-{index:017x}", VPC, "agents") for index in range(7))
    used = Network(
        frozenset(item.id for item in subnets[4:]),
        frozenset({*(item.id for item in groups[3:]), "sg-gone"}),
        assign_public_ip=True,
    )
    picked = network(WANTED, world(service=service(network=used), subnets=subnets, security_groups=groups))
    assert picked is not None
    assert picked.subnets == used.subnets
    assert picked.security_groups == {item.id for item in (groups[0], *groups[3:])}


def test_one_zone_is_a_warning_that_does_not_lower_the_condition() -> None:
    part = network_part(WANTED, world(subnets=(FIRST, replace(SECOND, availability_zone=ZONES[0]))), 1)
    assert part.done
    assert (part.verdict.status, part.verdict.reason) == (
        ConditionStatus.TRUE,
        Reason.SINGLE_AVAILABILITY_ZONE,
    )
    assert ZONES[0] in part.verdict.message


def test_unseen() -> None:
    for part in (
        network_part(WANTED, world(subnets=UNREAD), 1),
        network_part(WANTED, world(security_groups=UNREAD), 1),
    ):
        assert part.outcome is UNREAD.outcome
        assert not part.done
    assert network(WANTED, world(subnets=UNREAD)) is None
    assert network(WANTED, world(security_groups=UNREAD)) is None
