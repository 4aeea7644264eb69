"""The security group that we make: made, mended, told apart from others', and taken away."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.choice import network
from rds_enrollment.plan.deployment.network import network_part
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.wanted import Choice
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.network import PortRange
from rds_enrollment.plan.observed.security_groups import (
    ManagedGroup,
    SecurityGroupRule,
    SecurityGroupUse,
)
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.ownership import Adoption
from rds_enrollment.plan.part import all_done, steps_of
from rds_enrollment.plan.steps.ecs import UpdateService
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupEgress,
    CreateSecurityGroup,
    DeleteSecurityGroup,
    RevokeSecurityGroupIngress,
    TagSecurityGroup,
)

from tests.unit.plan.deployment.build import (
    EMPTY,
    FAMILY,
    FOREIGN_TAGS,
    GROUP,
    SERVICE_SEEN,
    TAGS,
    TELEPORT_TAGS,
    VPC,
    WANTED,
    rollout,
    service,
    world,
)

MANAGED = replace(WANTED, security_groups=Choice(managed=True))
OURS = "sg-0dddddddddddddddd"
EVERYTHING_OUT = SecurityGroupRule(
    id="sgr-1", group=OURS, egress=True, protocol="-1", ports=None, peer="0.0.0.0/0"
)
SSH_IN = SecurityGroupRule(
    id="sgr-2", group=OURS, egress=False, protocol="tcp", ports=PortRange(22, 22), peer="10.0.0.0/8"
)
SEEN = ManagedGroup(id=OURS, vpc_id=VPC, name=FAMILY, tags=TAGS, rules=(EVERYTHING_OUT,))
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))
WITH_OURS = replace(SERVICE_SEEN.network, security_groups=frozenset({OURS}))
_COMMON: dict[str, Any] = {"condition": ConditionType.NETWORK_READY, "region": "us-west-1"}


def test_made_before_the_service() -> None:
    seen = replace(EMPTY, security_groups=())
    part = network_part(MANAGED, seen, 1)
    [step] = part.steps
    assert isinstance(step, CreateSecurityGroup)
    assert (step.vpc_id, step.group_name, step.tags) == (VPC, FAMILY, TAGS)
    assert network(MANAGED, seen) is None


def test_a_description_that_ec2_takes() -> None:
    [step] = network_part(MANAGED, world(), 1).steps
    assert isinstance(step, CreateSecurityGroup)
    assert len(step.description) <= 255
    allowed = set(" ._-:/()#,@[]+=&;{}!$*")
    assert all(item in allowed or (item.isascii() and item.isalnum()) for item in step.description)


def test_taken_by_the_service_and_by_nothing_else() -> None:
    seen = world(security_groups=(), managed_group=SEEN)
    part = network_part(MANAGED, seen, 1)
    assert (part.done, part.steps, part.verdict.status) == (True, (), ConditionStatus.TRUE)
    assert OURS in part.verdict.message
    [update] = steps_of(plan(MANAGED, seen))
    assert isinstance(update, UpdateService)
    assert update.shape.network.security_groups == {OURS}
    assert steps_of(plan(MANAGED, replace(seen, service=service(network=WITH_OURS)))) == ()


def test_one_that_was_left_behind_is_adopted_by_its_tags() -> None:
    """Retained once: it carries Teleport's three tags and no mark."""
    left = world(security_groups=(), managed_group=replace(SEEN, tags=TELEPORT_TAGS))
    assert network_part(MANAGED, left, 1).verdict.reason is Reason.OWNED_BY_ANOTHER
    adoption = Adoption(
        policy=AdoptionPolicy.IF_TAGGED, owner_id=MANAGED.owner.owner_id, teleport=TELEPORT_TAGS
    )
    [step] = network_part(replace(MANAGED, adoption=adoption), left, 1).steps
    assert isinstance(step, TagSecurityGroup)
    assert step.tags == {OWNER_MARK: MANAGED.owner.mark}


@pytest.mark.parametrize(
    ("drift", "step"),
    [
        ({"rules": ()}, AuthorizeSecurityGroupEgress(group=OURS, **_COMMON)),
        (
            {"rules": (replace(EVERYTHING_OUT, peer="10.0.0.0/8"),)},
            AuthorizeSecurityGroupEgress(group=OURS, **_COMMON),
        ),
        (
            {"rules": (EVERYTHING_OUT, replace(SSH_IN, id="sgr-3"), SSH_IN)},
            RevokeSecurityGroupIngress(group=OURS, rules=("sgr-2", "sgr-3"), **_COMMON),
        ),
        (
            {"tags": {**TAGS, "teleport.dev/cluster": "other"}},
            TagSecurityGroup(resource=OURS, tags={"teleport.dev/cluster": "example.teleport.sh"}, **_COMMON),
        ),
    ],
)
def test_drift_costs_one_write(drift: dict[str, Any], step: object) -> None:
    part = network_part(MANAGED, world(managed_group=replace(SEEN, **drift)), 1)
    assert part.steps == (step,)


def test_more_ways_out_and_more_tags_stay() -> None:
    wider = replace(
        SEEN,
        tags={**TAGS, "team": "data"},
        rules=(EVERYTHING_OUT, replace(EVERYTHING_OUT, id="sgr-9", peer="::/0")),
    )
    assert network_part(MANAGED, world(managed_group=wider), 1).steps == ()


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS, FOREIGN_TAGS])
def test_anothers_group_of_that_name_is_reported(tags: dict[str, str]) -> None:
    seen = world(
        security_groups=(), managed_group=replace(SEEN, tags=tags, rules=(SSH_IN,), use=SecurityGroupUse())
    )
    part = network_part(MANAGED, seen, 1)
    assert (part.steps, part.verdict.reason) == ((), Reason.OWNED_BY_ANOTHER)
    assert isinstance(part.outcome, Blocked)
    assert OURS in part.verdict.message
    assert steps_of(plan(WANTED, replace(seen, security_groups=world().security_groups))) == ()
    assert steps_of(teardown(MANAGED, replace(EMPTY, managed_group=seen.managed_group))) == ()


def test_unread_is_neither_there_nor_absent() -> None:
    seen = world(managed_group=UNREAD)
    assert network(MANAGED, seen) is None
    assert network_part(MANAGED, seen, 1).outcome is UNREAD.outcome
    assert teardown(MANAGED, replace(EMPTY, managed_group=UNREAD))[-1].outcome is UNREAD.outcome
    assert network_part(WANTED, seen, 1).done


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        ({}, True),
        ({"service": service(network=WITH_OURS)}, False),
        ({"service": service(deployments=(rollout(), rollout(id="old", status="ACTIVE")))}, False),
        ({"service": UNREAD}, False),
        ({"managed_group": replace(SEEN, use=SecurityGroupUse(interfaces=("eni-1",)))}, False),
        ({"managed_group": replace(SEEN, use=SecurityGroupUse(groups=("sg-1",)))}, False),
    ],
)
def test_not_asked_for_any_more(fields: dict[str, Any], goes: bool) -> None:
    seen = world(**{"managed_group": replace(SEEN, use=SecurityGroupUse()), **fields})
    part = network_part(WANTED, seen, 1)
    assert part.steps == ((DeleteSecurityGroup(group=OURS, **_COMMON),) if goes else ())
    assert part.done is not goes
    picked = network(WANTED, seen)
    assert picked is not None
    assert picked.security_groups == {GROUP}
    if not goes:
        assert FAMILY in part.verdict.message


def _ended(use: SecurityGroupUse) -> Any:
    return teardown(WANTED, replace(EMPTY, managed_group=replace(SEEN, use=use)))


def test_the_last_thing_to_go() -> None:
    parts = _ended(SecurityGroupUse())
    assert [part.done for part in parts[:-1]] == [True] * (len(parts) - 1)
    assert parts[-1].steps == (DeleteSecurityGroup(group=OURS, **_COMMON),)
    assert all_done(teardown(WANTED, EMPTY), {})


def test_waits_for_interfaces_and_asks_for_the_end_of_others_rules() -> None:
    held = _ended(SecurityGroupUse(interfaces=("eni-1",), groups=("sg-1",)))[-1]
    assert (held.steps, held.outcome, held.verdict.reason) == ((), None, Reason.DELETING)
    assert "eni-1" in held.verdict.message
    groups = tuple(f"sg-{index}" for index in range(7))
    blocked = _ended(SecurityGroupUse(groups=groups))[-1]
    assert (blocked.steps, blocked.verdict.reason) == ((), Reason.IN_USE)
    assert isinstance(blocked.outcome, Blocked)
    assert "sg-4 and 2 more" in blocked.verdict.message
