"""Inbound rules of databases: told as missing, added and taken away again, and never those of others."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.common import OWNER_MARK, AdoptionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.database_service_deployment import DatabaseServiceDeploymentStatus
from rds_enrollment.api.network import MAX_MISSING_RULES
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.access import access_part, access_removal, missing_rules
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.status import observed_status
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network, RdsInventory
from rds_enrollment.plan.observed.network import PortRange
from rds_enrollment.plan.observed.security_groups import SecurityGroupRule
from rds_enrollment.plan.observed.teleport import DatabaseServer, TargetHealth
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.ownership import Adoption
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.steps.security_groups import (
    AuthorizeSecurityGroupIngress,
    RevokeSecurityGroupIngress,
    TagSecurityGroup,
)

from tests.unit.plan.deployment.build import (
    EMPTY,
    GROUP,
    LABELS,
    SUBNETS,
    TAGS,
    TELEPORT_TAGS,
    VPC,
    VPC_SEEN,
    WANTED,
    rollout,
    service,
    world,
)
from tests.unit.plan.deployment.test_deployment_databases import database, instance
from tests.unit.plan.network import dsl

CONDITION = ConditionType.DATABASE_ACCESS_ALLOWED
MANAGE = replace(WANTED, manages_access=True)
MESSAGE_BYTES = 1024
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))
OTHER_HOST = "billing.abc.us-west-1.rds.amazonaws.com"
LINE = (
    "aws ec2 authorize-security-group-ingress --region us-west-1 --group-id sg-db --ip-permissions "
    f"'IpProtocol=tcp,FromPort=5432,ToPort=5432,UserIdGroupPairs=[{{GroupId={GROUP}}}]'"
)
OURS = SecurityGroupRule(
    id="sgr-1",
    group="sg-db",
    egress=False,
    protocol="tcp",
    ports=PortRange(5432, 5432),
    peer=GROUP,
    tags=TAGS,
)
STEP = AuthorizeSecurityGroupIngress(
    condition=CONDITION,
    region="us-west-1",
    group="sg-db",
    port=5432,
    source=GROUP,
    description=f"Agents of the Teleport Database Service in {VPC}. By rds-enrollment-operator.",
    tags=TAGS,
)


def seen(*inbound: str, **fields: Any) -> DeploymentWorld:
    """One database, with the inbound rules of its group in the network facts."""
    read = {
        "vpc": dsl.edited(VPC_SEEN, dsl.group("sg-db", inbound=inbound)),
        "inventory": RdsInventory("123456789012", "us-west-1", (instance(),), ()),
        "databases": (database(),),
        "own_rules": (),
    }
    return world(**{**read, **fields})


def fresh(*rules: SecurityGroupRule, **fields: Any) -> DeploymentWorld:
    """The same where we manage: rules as they are now, ours among them."""
    outward = replace(OURS, id="sgr-0", egress=True, protocol="-1", ports=None, peer="0.0.0.0/0", tags={})
    ours = tuple(rule for rule in rules if rule.tags)
    return seen(**{"database_rules": (outward, *rules), "own_rules": ours, **fields})


def revoked(*rules: str) -> tuple[RevokeSecurityGroupIngress, ...]:
    return (RevokeSecurityGroupIngress(condition=CONDITION, region="us-west-1", group="sg-db", rules=rules),)


def test_it_informs_and_does_not_lower_ready() -> None:
    assert CONDITION not in REQUIRED
    part = access_part(WANTED, seen(), 1)
    assert (part.done, part.outcome, part.steps) == (True, None, ())
    assert (part.verdict.status, part.verdict.reason) == (
        ConditionStatus.FALSE,
        Reason.INBOUND_RULE_MISSING,
    )
    assert part.verdict.message == f"sg-db (orders) lets no agent in on tcp 5432: {LINE}"


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        (f"tcp 5432 {GROUP}", True),
        (f"tcp 5000-6000 {GROUP}", True),
        (f"all {GROUP}", True),
        ("tcp 5432 10.0.0.0/16", True),
        ("all 0.0.0.0/0", True),
        ("tcp 5432 pl-unread", True),
        (f"udp 5432 {GROUP}", False),
        (f"tcp 5433 {GROUP}", False),
        ("tcp 5432 sg-other", False),
        ("tcp 5432 10.0.0.0/24", False),
        ("tcp 5432 ::/0", False),
    ],
)
def test_what_lets_every_task_in(rule: str, opens: bool) -> None:
    part = access_part(WANTED, seen(rule), 1)
    assert (part.verdict.status is ConditionStatus.TRUE) is opens
    peer = rule.split()[-1]
    if peer.startswith("sg-") and rule.startswith("tcp 5432"):
        rules = (replace(OURS, peer=peer, tags={}),)
        assert (access_part(MANAGE, fresh(*rules), 1).steps == ()) is opens


def test_each_group_is_named_once_with_its_databases() -> None:
    instances = (
        instance(),
        instance(identifier="billing", endpoint=OTHER_HOST, port=3306, security_groups=("sg-a", "sg-b")),
    )
    databases = (database(), replace(database("billing", OTHER_HOST), uri=f"{OTHER_HOST}:3306"))
    facts = dsl.edited(VPC_SEEN, dsl.group("sg-db"), dsl.group("sg-a"), dsl.group("sg-b"))
    read = RdsInventory("123456789012", "us-west-1", instances, ())
    part = access_part(
        WANTED,
        seen(vpc=facts, inventory=read, databases=(*databases, replace(database("copy"), name="zebra"))),
        1,
    )
    assert "sg-a (billing) lets no agent in on tcp 3306: aws ec2" in part.verdict.message
    assert "sg-db (orders, zebra) lets no agent in on tcp 5432: aws ec2" in part.verdict.message
    assert "sg-b" not in part.verdict.message
    second = dsl.edited(facts, dsl.group("sg-b", inbound=(f"tcp 3306 {GROUP}",)))
    opened = access_part(WANTED, seen(vpc=second, inventory=read, databases=databases), 1)
    assert "billing" not in opened.verdict.message


def test_a_rule_is_added_and_read_back() -> None:
    assert access_part(MANAGE, fresh(), 1).steps == (STEP,)
    part = access_part(MANAGE, fresh(OURS), 1)
    assert (part.done, part.steps, part.verdict.status) == (True, (), ConditionStatus.TRUE)
    assert "1 inbound rule of ours" in part.verdict.message
    assert steps_of(plan(MANAGE, fresh(OURS))) == ()


def test_facts_that_are_a_resync_old_are_not_written_by() -> None:
    assert access_part(MANAGE, fresh(vpc=seen(f"tcp 5432 {GROUP}").vpc), 1).steps == (STEP,)
    unread = access_part(MANAGE, seen(database_rules=UNREAD), 1)
    assert (unread.steps, unread.outcome, unread.done) == ((), None, False)


@pytest.mark.parametrize("field", ["vpc", "inventory", "databases", "own_rules"])
@pytest.mark.parametrize("wanted", [WANTED, MANAGE])
def test_unread_is_neither_open_nor_shut(wanted: Any, field: str) -> None:
    part = access_part(wanted, fresh(OURS, **{field: UNREAD}), 1)
    assert (part.steps, part.outcome, part.done) == ((), None, False)


def test_a_database_that_an_agent_is_connected_to_needs_no_rule() -> None:
    server = DatabaseServer(
        database="orders",
        host_id="h",
        hostname="ip-10-0-0-1",
        version="18.0.0",
        expires=None,
        health=TargetHealth("healthy", "", ""),
    )
    assert access_part(MANAGE, fresh(servers=(server,)), 1).steps == ()
    assert access_part(MANAGE, fresh(OURS, servers=(server,)), 1).steps == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"databases": ()},
        {"databases": (database(labels={**LABELS, "vpc-id": "vpc-other"}),)},
        {"inventory": RdsInventory("123456789012", "us-west-1", (), ())},
        {
            "inventory": RdsInventory(
                "123456789012", "us-west-1", (instance(security_groups=("sg-new",)),), ()
            )
        },
    ],
)
def test_a_rule_goes_with_the_last_database_that_needs_it(fields: dict[str, Any]) -> None:
    assert access_part(MANAGE, fresh(OURS, **fields), 1).steps == revoked("sgr-1")


def test_rules_of_others_are_never_touched() -> None:
    foreign = replace(OURS, id="sgr-2", tags={})
    assert access_part(MANAGE, fresh(foreign, databases=()), 1).steps == ()
    assert access_part(WANTED, fresh(foreign), 1).steps == ()
    assert access_removal(MANAGE, fresh(foreign), 1).done


def test_ours_stay_beside_theirs_while_a_database_is_there() -> None:
    wider = replace(OURS, id="sgr-2", peer="0.0.0.0/0", tags={})
    assert access_part(MANAGE, fresh(OURS, wider), 1).steps == ()


def test_observe_again_takes_ours_away() -> None:
    assert access_part(WANTED, fresh(OURS), 1).steps == revoked("sgr-1")


def test_another_group_of_the_tasks_first_gets_a_rule_and_then_the_former_loses_its() -> None:
    former = replace(OURS, peer="sg-former")
    moving = service(network=Network(frozenset(SUBNETS), frozenset({"sg-former"}), assign_public_ip=True))
    assert access_part(MANAGE, fresh(former, service=moving), 1).steps == (STEP,)
    two = (replace(OURS, id="sgr-2"), former)
    under_way = service(deployments=(rollout(), rollout(id="old", status="ACTIVE")))
    assert access_part(MANAGE, fresh(*two, service=under_way), 1).steps == ()
    assert access_part(MANAGE, fresh(*two), 1).steps == revoked("sgr-1")


def tagged(tags: dict[str, str]) -> tuple[TagSecurityGroup, ...]:
    return (TagSecurityGroup(condition=CONDITION, region="us-west-1", resource=OURS.id, tags=tags),)


def test_a_rule_of_ours_gets_the_tags_that_it_lacks() -> None:
    wanted = replace(MANAGE, user_tags={"team": "data"})
    assert access_part(wanted, fresh(OURS), 1).steps == tagged({"team": "data"})
    assert access_part(MANAGE, fresh(OURS), 1).steps == ()


LEFT = replace(OURS, tags=TELEPORT_TAGS)
ADOPTING = replace(
    MANAGE,
    adoption=Adoption(
        policy=AdoptionPolicy.IF_TAGGED, owner_id=MANAGE.owner.owner_id, teleport=TELEPORT_TAGS
    ),
)
ANYTHING = replace(ADOPTING, adoption=replace(ADOPTING.adoption, policy=AdoptionPolicy.ALWAYS))


@pytest.mark.parametrize("wanted", [ADOPTING, ANYTHING])
def test_a_rule_that_was_left_behind_is_adopted(wanted: WantedDeployment) -> None:
    marking = tagged({OWNER_MARK: MANAGE.owner.mark})
    assert access_part(wanted, fresh(LEFT, own_rules=()), 1).steps == marking


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (MANAGE, LEFT),
        (replace(ADOPTING, manages_access=False), LEFT),
        (ADOPTING, replace(LEFT, tags={**TELEPORT_TAGS, OWNER_MARK: "cluster-b/dbsvc/teleport/main"})),
        (ANYTHING, replace(LEFT, tags={"team": "data"})),
        (ADOPTING, replace(LEFT, ports=PortRange(5432, 5433))),
        (ADOPTING, replace(LEFT, protocol="-1", ports=None)),
        (ADOPTING, replace(LEFT, egress=True)),
    ],
)
def test_a_rule_of_others_is_not(wanted: WantedDeployment, rule: SecurityGroupRule) -> None:
    steps = access_part(wanted, fresh(rule, own_rules=()), 1).steps
    assert not [step for step in steps if isinstance(step, TagSecurityGroup)]


def test_further_labels_of_the_agents_count() -> None:
    picky = replace(MANAGE, agents=AgentSpec(database_labels={"team": "data-*"}))
    assert access_part(picky, fresh(), 1).steps == ()
    labelled = database(labels={**LABELS, "team": "data-eu"})
    assert access_part(picky, fresh(databases=(labelled,)), 1).steps == (STEP,)


def test_the_end_revokes_ours_once_the_tasks_are_gone() -> None:
    ended = teardown(MANAGE, replace(EMPTY, own_rules=(OURS, replace(OURS, id="sgr-2"))))
    assert ended[-1].steps == revoked("sgr-1", "sgr-2")
    assert [part.done for part in ended] == [True, False]
    assert teardown(MANAGE, replace(EMPTY, own_rules=UNREAD))[-1].outcome is UNREAD.outcome


def many(count: int) -> DeploymentWorld:
    """Databases with a closed group each."""
    numbers = range(100, 100 + count)
    hosts = [f"db{number}.rds.amazonaws.com" for number in numbers]
    groups = [f"sg-{number:017}" for number in numbers]
    instances = tuple(
        instance(identifier=host, endpoint=host, security_groups=(group,))
        for host, group in zip(hosts, groups, strict=True)
    )
    return seen(
        vpc=dsl.edited(VPC_SEEN, *map(dsl.group, groups)),
        inventory=RdsInventory("123456789012", "us-west-1", instances, ()),
        databases=tuple(database(host, host) for host in hosts),
    )


def test_the_message_has_those_that_fit_and_the_status_has_all() -> None:
    message = access_part(WANTED, many(8), 1).verdict.message
    listed, _, rest = message.rpartition(" and ")
    assert rest.endswith(" more: see status.missingInboundRules")
    assert listed.count("aws ec2") + int(rest.partition(" ")[0]) == 8
    assert len(message.encode()) < MESSAGE_BYTES

    rules = missing_rules(WANTED, many(8))
    assert rules is not None
    assert [rule.security_group_id for rule in rules] == [f"sg-{number:017}" for number in range(100, 108)]
    assert all((rule.port, rule.databases) == (5432, 1) for rule in rules)
    assert rules[0].command in message


def test_the_status_stays_small() -> None:
    status = observed_status(DatabaseServiceDeploymentStatus(), WANTED, many(MAX_MISSING_RULES + 1))
    assert len(status.missing_inbound_rules) == MAX_MISSING_RULES
    assert len(status.model_dump_json(by_alias=True)) < 30 * 1024


def test_what_was_not_seen_stays_in_the_status() -> None:
    before = observed_status(DatabaseServiceDeploymentStatus(), WANTED, many(2))
    assert len(before.missing_inbound_rules) == 2
    assert observed_status(before, WANTED, seen(inventory=UNREAD)).missing_inbound_rules == (
        before.missing_inbound_rules
    )
    assert observed_status(before, WANTED, seen(f"tcp 5432 {GROUP}")).missing_inbound_rules == ()
