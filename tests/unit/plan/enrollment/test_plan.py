"""Conditions, status and teardown of an enrolment."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.rds_enrollment import (
    MAX_STATUS_ITEMS,
    DatabaseState,
    RdsEnrollmentStatus,
)
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.enrollment.plan import plan
from rds_enrollment.plan.enrollment.status import observed_status
from rds_enrollment.plan.enrollment.teardown import teardown
from rds_enrollment.plan.enrollment.world import EnrollmentWorld, WantedEnrollment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.part import Part, all_done, steps_of
from rds_enrollment.plan.steps.kubernetes import ApplyDeployment
from rds_enrollment.plan.steps.teleport import TeleportStep

from tests.unit.plan.enrollment import api_server, teleport
from tests.unit.plan.enrollment.build import (
    MEMBERS,
    OTHER_REGION,
    REGION,
    TEMPLATE,
    VPC,
    cluster,
    foreign,
    instance,
    inventory,
    server,
    wanted,
    world,
)

DENIED = Blocked(Reason.ACCESS_DENIED, "rds:DescribeDBInstances is denied.")
THROTTLED = Transient(Reason.AWS_THROTTLED, "slow down")
NAME = "us-west-1-vpc-0123456789abcdef0"


def part(parts: tuple[Part, ...], condition: ConditionType) -> Part:
    (found,) = [item for item in parts if item.condition is condition]
    return found


def verdict(
    wish: WantedEnrollment, seen: EnrollmentWorld, condition: ConditionType
) -> tuple[str, Reason, str]:
    found = part(plan(wish, seen), condition).verdict
    return found.status, found.reason, found.message


def settled(wish: WantedEnrollment, seen: EnrollmentWorld) -> EnrollmentWorld:
    """The world after the plan was applied and the deployments became Ready."""
    steps = steps_of(plan(wish, seen))
    assert not isinstance(seen.databases, Unseen)
    databases = teleport.applied(seen.databases, [step for step in steps if isinstance(step, TeleportStep)])
    seen = replace(seen, databases=databases)
    deployments = tuple(
        api_server.ready(api_server.applied(step))
        for step in steps_of(plan(wish, seen))
        if isinstance(step, ApplyDeployment)
    )
    return replace(seen, deployments=deployments)


WISH = wanted(deployment=TEMPLATE)
FRESH = world(inventory([instance()]))


def test_a_converged_enrolment_has_nothing_to_write_and_every_required_condition() -> None:
    seen = settled(WISH, FRESH)
    parts = plan(WISH, seen)
    assert steps_of(parts) == ()
    assert [item.condition for item in parts if item.done] == [
        ConditionType.DATABASES_DISCOVERED,
        ConditionType.DEPLOYMENTS_READY,
        ConditionType.DATABASES_ENROLLED,
        ConditionType.IAM_AUTHENTICATION_ENABLED,
        ConditionType.DATABASES_REACHABLE,
    ]
    assert part(parts, ConditionType.DATABASES_ENROLLED).verdict.status == "True"


def test_a_first_pass_claims_nothing_before_it_was_read_back() -> None:
    parts = plan(WISH, FRESH)
    assert [step.name for step in steps_of(parts)] == ["ApplyDeployment", "CreateDatabase"]
    for condition in (ConditionType.DATABASES_ENROLLED, ConditionType.DEPLOYMENTS_READY):
        assert part(parts, condition).verdict.status == "Unknown"


def test_nothing_is_planned_from_a_world_that_was_not_seen() -> None:
    blind = EnrollmentWorld(read_at=FRESH.read_at)
    parts = plan(WISH, blind)
    assert steps_of(parts) == ()
    assert {item.verdict.status for item in parts} == {"Unknown"}


@pytest.mark.parametrize(("outcome", "status"), [(DENIED, "False"), (THROTTLED, "Unknown")])
def test_a_region_that_cannot_be_listed_is_named(outcome: Blocked | Transient, status: str) -> None:
    wish = wanted(regions=[REGION, OTHER_REGION])
    seen = replace(FRESH, inventories={**FRESH.inventories, OTHER_REGION: Unseen(outcome)})
    found = verdict(wish, seen, ConditionType.DATABASES_DISCOVERED)
    assert found[:2] == (status, outcome.reason)
    assert f"{OTHER_REGION}: {outcome.message}" in found[2]
    assert [step.target for step in steps_of(plan(wish, seen))] == ["Teleport database orders"]
    assert verdict(wish, settled(wish, seen), ConditionType.DATABASES_ENROLLED)[0] == "Unknown"


def test_the_worst_of_several_regions_decides() -> None:
    wish = wanted(regions=[REGION, OTHER_REGION])
    seen = replace(FRESH, inventories={OTHER_REGION: Unseen(THROTTLED), REGION: Unseen(DENIED)})
    assert verdict(wish, seen, ConditionType.DATABASES_DISCOVERED)[:2] == ("False", Reason.ACCESS_DENIED)


def test_an_identifier_that_names_nothing_is_reported() -> None:
    wish = wanted(databases={"identifiers": [{"kind": "Instance", "name": "oders"}]})
    found = verdict(wish, FRESH, ConditionType.DATABASES_DISCOVERED)
    assert found[:2] == ("False", Reason.DATABASE_NOT_FOUND)
    assert "instance oders (us-west-1)" in found[2]


def test_no_database_at_all_is_no_fault() -> None:
    found = verdict(wanted(), world(inventory()), ConditionType.DATABASES_DISCOVERED)
    assert found[:2] == ("True", Reason.NO_DATABASES)


def test_a_choice_of_nothing_is_told_from_a_region_without_databases() -> None:
    wish = wanted(databases={"selector": {"tags": {"taem": "shop"}}})
    found = verdict(wish, FRESH, ConditionType.DATABASES_DISCOVERED)
    assert found[:2] == ("True", Reason.NO_DATABASES)
    assert found[2] == "spec.databases chooses nothing of what RDS has in us-west-1."


def test_a_conflict_lowers_enrolled_and_the_others_are_still_written() -> None:
    seen = world(inventory([instance("orders"), instance("sound")]), databases=[foreign("orders")])
    enrolled = part(plan(wanted(), seen), ConditionType.DATABASES_ENROLLED)
    assert (enrolled.verdict.status, enrolled.verdict.reason) == ("False", Reason.NAME_TAKEN)
    assert [step.target for step in enrolled.steps] == ["Teleport database sound"]


def test_skipped_databases_do_not_lower_enrolled() -> None:
    seen = settled(wanted(), world(inventory([instance(), instance("halted", status="stopped")])))
    assert verdict(wanted(), seen, ConditionType.DATABASES_ENROLLED)[0] == "True"


def test_iam_authentication_that_is_off_is_named_with_the_line_that_turns_it_on() -> None:
    seen = settled(wanted(), world(inventory([instance(iam_auth=False), *MEMBERS], [cluster()])))
    status, reason, message = verdict(wanted(), seen, ConditionType.IAM_AUTHENTICATION_ENABLED)
    assert (status, reason) == ("False", Reason.IAM_AUTHENTICATION_DISABLED)
    assert (
        "aws rds modify-db-instance --db-instance-identifier orders "
        "--enable-iam-database-authentication --apply-immediately --region us-west-1" in message
    )
    assert (
        "aws rds modify-db-cluster --db-cluster-identifier events "
        "--enable-iam-database-authentication --apply-immediately --region us-west-1" in message
    )


def test_one_command_for_a_cluster_with_two_endpoints() -> None:
    both = wanted(endpoints=["Primary", "Reader"])
    seen = settled(both, world(inventory(MEMBERS, [cluster()])))
    assert verdict(both, seen, ConditionType.IAM_AUTHENTICATION_ENABLED)[2].count("aws rds") == 1


@pytest.mark.parametrize(
    ("servers", "status", "reason"),
    [
        ([], "Unknown", Reason.NOT_REPORTED),
        ([server("orders", "")], "Unknown", Reason.NOT_REPORTED),
        ([server("orders", "unknown")], "Unknown", Reason.NOT_REPORTED),
        ([server("orders", "healthy")], "True", Reason.SUCCEEDED),
        ([server("orders", "healthy", ttl=-1)], "Unknown", Reason.NOT_REPORTED),
        (
            [server("orders", "unhealthy", ttl=0), server("orders", "healthy", host="b")],
            "True",
            Reason.SUCCEEDED,
        ),
        ([server("orders", "healthy"), server("orders", "unhealthy", host="b")], "False", Reason.UNREACHABLE),
        ([server("other", "unhealthy"), server("orders", "healthy")], "True", Reason.SUCCEEDED),
    ],
)
def test_reachability_is_what_unexpired_heartbeats_say(
    servers: list[Any], status: str, reason: Reason
) -> None:
    seen = replace(settled(wanted(), FRESH), servers=tuple(servers))
    assert verdict(wanted(), seen, ConditionType.DATABASES_REACHABLE)[:2] == (status, reason)


def test_a_database_that_cannot_be_reached_is_named_with_the_agent_s_error() -> None:
    seen = replace(settled(wanted(), FRESH), servers=(server("orders", "unhealthy", error="i/o timeout"),))
    message = verdict(wanted(), seen, ConditionType.DATABASES_REACHABLE)[2]
    assert "orders" in message
    assert "ip-host-1: i/o timeout" in message


def test_deployments_without_a_template() -> None:
    found = verdict(wanted(), settled(wanted(), FRESH), ConditionType.DEPLOYMENTS_READY)
    assert found[:2] == ("True", Reason.NO_DEPLOYMENT_TEMPLATE)


@pytest.mark.parametrize(("status", "generation"), [("False", 1), ("Unknown", 1), ("True", 0)])
def test_a_deployment_that_is_not_ready_lowers_the_condition(status: str, generation: int) -> None:
    seen = settled(WISH, FRESH)
    assert not isinstance(seen.deployments, Unseen)
    lagging = api_server.ready(seen.deployments[0], status, generation)
    found = verdict(WISH, replace(seen, deployments=(lagging,)), ConditionType.DEPLOYMENTS_READY)
    assert found[:2] == ("False", Reason.DEPLOYMENTS_NOT_READY)
    assert NAME in found[2]


def test_too_many_vpcs_are_listed() -> None:
    wish = wanted(deployment={**TEMPLATE, "maxDeployments": 1})
    seen = world(inventory([instance("a"), instance("b", vpc_id="vpc-0fedcba9876543210")]))
    status, reason, message = verdict(wish, seen, ConditionType.DEPLOYMENTS_READY)
    assert (status, reason) == ("False", Reason.TOO_MANY_DEPLOYMENTS)
    assert "vpc-0fedcba9876543210" in message


def test_the_status_counts_and_lists() -> None:
    seen = world(
        inventory([instance(), instance("taken"), instance("halted", status="stopped")]),
        databases=[foreign("taken")],
    )
    seen = replace(settled(WISH, seen), servers=(server("orders", "healthy"),))
    status = observed_status(RdsEnrollmentStatus(), WISH, seen, {})
    assert (status.discovered, status.enrolled, status.skipped, status.conflicting, status.reachable) == (
        3,
        1,
        1,
        1,
        1,
    )
    assert [(item.name, item.state) for item in status.databases] == [
        ("taken", DatabaseState.CONFLICTING),
        ("orders", DatabaseState.ENROLLED),
        ("halted", DatabaseState.SKIPPED),
    ]
    (vpc,) = status.vpcs
    assert (vpc.vpc_id, vpc.region, vpc.databases, vpc.deployment) == (VPC, REGION, 1, NAME)
    assert status.teleport_cluster == "example.teleport.sh"


def test_a_failed_write_shows_on_its_database() -> None:
    failure = Blocked(Reason.TELEPORT_ACCESS_DENIED, "create on db is denied.")
    status = observed_status(RdsEnrollmentStatus(), WISH, FRESH, {"Teleport database orders": failure})
    (database,) = status.databases
    assert (database.state, database.reason, database.message) == (
        DatabaseState.FAILED,
        "TeleportAccessDenied",
        "create on db is denied.",
    )


def test_what_was_not_seen_stays_as_it_was() -> None:
    before = observed_status(RdsEnrollmentStatus(), WISH, settled(WISH, FRESH), {})
    for blind in (replace(FRESH, databases=Unseen(THROTTLED)), replace(FRESH, inventories={})):
        assert observed_status(before, WISH, blind, {}) == before


def test_the_troubled_come_first_and_the_list_is_capped() -> None:
    healthy = [instance(f"a{number:03}") for number in range(MAX_STATUS_ITEMS + 20)]
    seen = settled(wanted(), world(inventory([*healthy, instance("z", iam_auth=False)])))
    status = observed_status(RdsEnrollmentStatus(), wanted(), seen, {})
    assert len(status.databases) == MAX_STATUS_ITEMS
    assert status.databases[0].name == "z"
    assert status.enrolled == MAX_STATUS_ITEMS + 21


def test_a_long_story_fits_into_the_status() -> None:
    many = [instance(f"d{number}", iam_auth=False) for number in range(300)]
    seen = settled(wanted(), world(inventory(many)))
    message = verdict(wanted(), seen, ConditionType.IAM_AUTHENTICATION_ENABLED)[2]
    assert len(message.encode()) <= 1024
    assert "more" in message


def test_teardown_removes_databases_then_deployments_and_waits_until_they_are_gone() -> None:
    stranger = foreign("stranger")
    seen = settled(WISH, FRESH)
    assert not isinstance(seen.databases, Unseen)
    seen = replace(seen, databases=(*seen.databases, stranger))

    first = teardown(WISH, seen)
    assert [step.target for step in steps_of(first)] == ["Teleport database orders"]
    assert "orders" in first[-1].verdict.message

    seen = replace(seen, databases=(stranger,))
    second = teardown(WISH, seen)
    assert [step.name for step in steps_of(second)] == ["DeleteDeployment"]

    assert not isinstance(seen.deployments, Unseen)
    going = {**seen.deployments[0]}
    going["metadata"] = {**going["metadata"], "deletionTimestamp": "2025-06-01T12:00:00Z"}
    third = teardown(WISH, replace(seen, deployments=(going,)))
    assert steps_of(third) == ()
    assert not all_done(third, {})
    assert NAME in third[-1].verdict.message

    assert all_done(teardown(WISH, replace(seen, deployments=(api_server.by_hand(),))), {})


def test_teardown_concludes_nothing_from_what_it_cannot_see() -> None:
    seen = replace(settled(WISH, FRESH), databases=Unseen(THROTTLED))
    parts = teardown(WISH, seen)
    assert steps_of(parts) == ()
    assert not all_done(parts, {})
