"""Preflight of a deployment: a finding is told and stops nothing, and an agent that is connected proves it wrong."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec, EnvironmentVariable, Image, Resources
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeploymentStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.network import network_part
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.preflight import hosts, needs
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.observed.teleport import Database, DatabaseTls, RdsMetadata
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.steps.ecs import CreateService

from tests.unit.plan.deployment.build import (
    EMPTY,
    GROUP,
    LABELS,
    NOW,
    ROLE_SEEN,
    SUBNETS,
    TOKEN_SEEN,
    VPC_SEEN,
    WANTED,
    agent,
    arn,
    rollout,
    service,
    task,
    task_definition,
    world,
)
from tests.unit.plan.network import dsl
from tests.unit.plan.network.dsl import Edit

FIRST, SECOND = SUBNETS
DOMAIN = "us-west-1.compute.internal"
NO_EGRESS = dsl.group(GROUP)
NO_LOGS = (dsl.interface_endpoint("logs", subnets=frozenset({FIRST}), groups="sg-vpce"), dsl.group("sg-vpce"))
NO_RDS = (dsl.interface_endpoint("rds", subnets=frozenset({FIRST}), groups="sg-vpce"), dsl.group("sg-vpce"))
BEFORE_THE_SERVICE = replace(
    EMPTY, role=ROLE_SEEN, token=TOKEN_SEEN, cluster=world().cluster, newest=task_definition()
)
DENIED = Unseen(Blocked(Reason.ACCESS_DENIED, "ec2:DescribeNatGateways is denied."))
THROTTLED = Unseen(Transient(Reason.AWS_THROTTLED, "throttled"))


def broken(seen: DeploymentWorld, *edits: Edit) -> DeploymentWorld:
    return replace(seen, vpc=dsl.edited(VPC_SEEN, *edits))


def with_agents(**fields: Any) -> Any:
    return replace(WANTED, agents=AgentSpec(**fields))


def test_a_finding_is_told_and_stops_nothing() -> None:
    seen = broken(BEFORE_THE_SERVICE, NO_EGRESS)

    part = network_part(WANTED, seen, 1)
    assert (part.verdict.status, part.verdict.reason) == (
        ConditionStatus.FALSE,
        Reason.IMAGE_REGISTRY_UNREACHABLE,
    )
    assert f"--group-id {GROUP}" in part.verdict.message
    assert part.outcome is None
    steps = [step for item in plan(WANTED, seen) for step in item.steps]
    assert any(isinstance(step, CreateService) for step in steps)


def test_it_stops_the_service_where_the_operator_was_asked_to() -> None:
    wanted = replace(WANTED, preflight_blocks=True)
    seen = broken(BEFORE_THE_SERVICE, NO_EGRESS)

    part = network_part(wanted, seen, 1)
    assert isinstance(part.outcome, Blocked)
    assert "--preflight=Block" in part.verdict.message
    assert not [step for item in plan(wanted, seen) for step in item.steps if isinstance(step, CreateService)]
    assert network_part(wanted, BEFORE_THE_SERVICE, 1).done


@pytest.mark.parametrize("unread", [DENIED, THROTTLED])
def test_a_vpc_that_cannot_be_read_stops_nothing_either(unread: Unseen) -> None:
    part = network_part(WANTED, world(vpc=unread), 3)
    assert part.outcome is unread.outcome
    assert part.verdict.status is not ConditionStatus.TRUE
    assert part.done
    assert not network_part(replace(WANTED, preflight_blocks=True), world(vpc=unread), 3).done


@pytest.mark.parametrize(
    "stale", [None, dsl.gone("subnets", FIRST)(VPC_SEEN), dsl.gone("security_groups", GROUP)(VPC_SEEN)]
)
def test_facts_older_than_a_subnet_or_group_raise_no_alarm(stale: Any) -> None:
    part = network_part(WANTED, world(vpc=stale), 1)
    assert part.verdict.soft
    assert part.verdict.status is ConditionStatus.UNKNOWN
    assert part.done


def test_each_subnet_is_told_with_its_culprit() -> None:
    alone = dsl.table("rtb-2", "10.0.0.0/16 local", subnets=SECOND)

    seen = broken(EMPTY, alone)
    status = observed_status(DatabaseServiceDeploymentStatus(), WANTED, seen)
    first, second = status.network

    assert (first.state, first.blocker, first.culprit) == ("Ready", None, None)
    assert (second.state, second.reason) == ("Blocked", "ImageRegistryUnreachable")
    assert (second.blocker, second.culprit) == ("NoRoute", "rtb-2")
    assert second.message == network_part(WANTED, seen, 1).verdict.message


def test_several_subnets_in_one_message() -> None:
    message = network_part(WANTED, broken(EMPTY, NO_EGRESS), 1).verdict.message
    assert f"2 of 2 subnets have findings, {SECOND} too" in message
    assert len(message) < 1024


# Agents that are connected


def test_a_connected_agent_overrules_what_it_must_have_reached() -> None:
    """t1 and t2 of the converged world run in the first subnet, and their heartbeats have not expired."""
    seen = broken(world(), NO_EGRESS)

    part = network_part(WANTED, seen, 1)
    status = observed_status(DatabaseServiceDeploymentStatus(), WANTED, seen)

    assert part.verdict.reason is Reason.RDS_TRUST_STORE_UNREACHABLE
    first, second = status.network
    assert "An agent is connected from here" in first.advice[0]
    assert second.reason == "ImageRegistryUnreachable"


def test_a_healthy_deployment_stays_ready_when_the_model_doubts_it() -> None:
    seen = broken(world(tasks=(task("t1"), task("t2", "10.0.1.2", subnet_id=SECOND))), *NO_LOGS)
    seen = replace(seen, agents=(agent(f"ip-10-0-0-1.{DOMAIN}"), agent(f"ip-10-0-1-2.{DOMAIN}")))

    part = network_part(WANTED, seen, 1)

    assert part.verdict.status is ConditionStatus.TRUE
    assert f"Advice on {FIRST}, {SECOND}" in part.verdict.message


@pytest.mark.parametrize(
    "fields",
    [
        {"agents": ()},
        {"agents": Unseen()},
        {
            "service": service(
                network=Network(frozenset(SUBNETS), frozenset({"sg-old"}), assign_public_ip=True)
            )
        },
        {
            "service": service(
                deployments=(rollout(status="PRIMARY"), rollout(id="ecs-svc/0", status="ACTIVE"))
            )
        },
        {"tasks": (task("t1", last_status="PENDING"),)},
    ],
    ids=["no heartbeat", "heartbeats unseen", "other groups", "either rollout", "not running"],
)
def test_what_is_no_proof(fields: dict[str, Any]) -> None:
    part = network_part(WANTED, broken(world(**fields), NO_EGRESS), 1)
    assert part.verdict.reason is Reason.IMAGE_REGISTRY_UNREACHABLE


def test_what_a_heartbeat_does_not_prove_stays_a_finding() -> None:
    part = network_part(WANTED, broken(world(), *NO_RDS), 1)
    assert part.verdict.reason is Reason.RDS_API_UNREACHABLE


# Needs


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (EMPTY, 2),
        (world(), 0),
        (world(tasks=(task("t1"),)), 1),
        (world(tasks=(task("t1"), task("t2", "", last_status="PROVISIONING"))), 1),
        (world(tasks=(task("t1", stopped_at=NOW, desired_status="STOPPED"),)), 2),
        (world(service=service(task_definition_arn=arn(2))), 2),
    ],
    ids=["none yet", "all run", "one is missing", "one has no address yet", "stopped", "to be replaced"],
)
def test_tasks_that_are_still_to_start(seen: DeploymentWorld, expected: int) -> None:
    assert needs(WANTED, seen).new_tasks == expected


def test_too_few_addresses_for_all_tasks() -> None:
    scarce = [
        dsl.change("subnets", item, available_addresses=count) for item, count in ((FIRST, 1), (SECOND, 1))
    ]
    wanted = replace(WANTED, replicas=3)

    part = network_part(wanted, broken(EMPTY, *scarce), 1)
    assert part.verdict.reason is Reason.NO_FREE_ADDRESSES
    assert f"{FIRST}, {SECOND} have 2 free addresses for 3 new tasks" in part.verdict.message
    assert network_part(WANTED, broken(EMPTY, *scarce), 1).verdict.status is ConditionStatus.TRUE


@pytest.mark.parametrize(
    ("quota", "fields", "short"),
    [
        (3.9, {}, True),
        (4.0, {}, False),
        (0.0, {}, True),
        (1.0, {"resources": Resources(cpu_units=512, memory_mib=1024)}, False),
        (0.5, {"resources": Resources(cpu_units=512, memory_mib=1024)}, True),
        (DENIED, {}, False),
        (THROTTLED, {}, False),
    ],
)
def test_two_tasks_need_the_vcpus_that_fargate_may_run(
    quota: Any, fields: dict[str, Any], *, short: bool
) -> None:
    part = network_part(with_agents(**fields), replace(EMPTY, fargate_vcpus=quota), 1)

    assert (part.verdict.reason is Reason.FARGATE_QUOTA_TOO_LOW) is short
    assert (part.verdict.status is ConditionStatus.TRUE) is not short
    assert part.done


def test_the_quota_is_told_with_the_command_that_asks_for_more() -> None:
    message = network_part(WANTED, replace(EMPTY, fargate_vcpus=3.5), 1).verdict.message

    assert (
        "Fargate may run 3.5 vCPUs in us-west-1 (quota L-3032A538), and 2 tasks of this deployment need 4."
        in message
    )
    assert "--quota-code L-3032A538 --desired-value 4 --region us-west-1" in message


def test_tasks_that_run_are_within_the_quota() -> None:
    assert network_part(WANTED, world(fargate_vcpus=1.0), 1).verdict.status is ConditionStatus.TRUE


def test_dns_that_is_off_is_told_for_each_subnet_and_stops_nothing() -> None:
    seen = broken(BEFORE_THE_SERVICE, dsl.dns("AmazonProvidedDNS"))

    part = network_part(WANTED, seen, 1)
    assert (part.verdict.status, part.verdict.reason) == (
        ConditionStatus.FALSE,
        Reason.DNS_RESOLUTION_DISABLED,
    )
    assert "2 of 2 subnets have findings" in part.verdict.message
    assert part.done
    assert not network_part(replace(WANTED, preflight_blocks=True), seen, 1).done
    assert network_part(WANTED, broken(BEFORE_THE_SERVICE, dsl.dns("10.0.2.53")), 1).verdict.status is (
        ConditionStatus.TRUE
    )


def test_the_trust_store_is_fetched_for_databases_without_an_authority_of_their_own() -> None:
    own, usual = (
        Database(
            name, "", LABELS, "postgres", f"{name}:5432", "us-west-1", "123456789012", RdsMetadata(), tls
        )
        for name, tls in (
            ("own", DatabaseTls(ca_certificate="-----BEGIN CERTIFICATE-----")),
            ("usual", DatabaseTls()),
        )
    )
    elsewhere = replace(usual, labels={**LABELS, "vpc-id": "vpc-2"})

    assert needs(WANTED, world(databases=())).trust_store
    assert needs(WANTED, world(databases=Unseen())).trust_store
    assert needs(WANTED, world(databases=(own, usual))).trust_store
    assert not needs(WANTED, world(databases=(own, elsewhere))).trust_store


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"example.teleport.sh"}),
        ({"image": Image(repository="registry.corp/teleport")}, {"example.teleport.sh", "registry.corp"}),
        ({"image": Image(repository="public.ecr.aws/mirror/teleport")}, {"example.teleport.sh"}),
        (
            {"environment": [EnvironmentVariable(name="HTTPS_PROXY", value="http://squid.corp:3128")]},
            {"squid.corp"},
        ),
        ({"environment": [EnvironmentVariable(name="https_proxy", value="squid.corp")]}, {"squid.corp"}),
        (
            {"environment": [EnvironmentVariable(name="HTTPS_PROXY", value="http://:0x")]},
            {"example.teleport.sh"},
        ),
    ],
)
def test_hosts_that_may_be_private(fields: dict[str, Any], expected: set[str]) -> None:
    assert hosts(with_agents(**fields)) == expected


def test_a_host_that_does_not_resolve_is_not_judged() -> None:
    to_registry_only = dsl.group(GROUP, outbound=("tcp 443 0.0.0.0/0",))
    wanted = replace(
        WANTED,
        scope=replace(
            WANTED.scope, cluster=replace(WANTED.scope.cluster, proxy_address="example.teleport.sh:3080")
        ),
    )
    seen = broken(EMPTY, to_registry_only)
    assert network_part(wanted, seen, 1).verdict.reason is Reason.TELEPORT_PROXY_UNREACHABLE

    unresolved = replace(seen, addresses={"example.teleport.sh": ()})
    assert network_part(wanted, unresolved, 1).verdict.status is ConditionStatus.TRUE
    (first, _) = observed_status(DatabaseServiceDeploymentStatus(), wanted, unresolved).network
    assert "--host-addresses" in first.advice[0]
