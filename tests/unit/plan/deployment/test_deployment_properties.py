"""Rules that hold from every world that passes, crashes, drift and strangers can lead to."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rds_enrollment.plan.deployment.plan import REQUIRED, plan
from rds_enrollment.plan.deployment.revision import KEPT_REVISIONS
from rds_enrollment.plan.deployment.teardown import teardown
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import Network
from rds_enrollment.plan.part import Part, all_done, steps_of
from rds_enrollment.plan.steps.ecs import CreateService, DeleteCluster, DeleteService
from rds_enrollment.plan.steps.iam import DeleteRole, DeleteRolePolicy
from rds_enrollment.plan.steps.teleport import DeleteJoinToken

from tests.unit.plan.deployment.account import OWNER, Account
from tests.unit.plan.deployment.build import (
    CLUSTER_SEEN,
    FOREIGN_TAGS,
    MARK,
    ROLE_SEEN,
    SERVICE_SEEN,
    TELEPORT_TAGS,
    TOKEN_SEEN,
    WANTED,
    arn,
    task_definition,
)

ROUNDS = 25
MARKS = (MARK, "cluster-a")
UPGRADED = replace(
    WANTED, scope=replace(WANTED.scope, cluster=replace(WANTED.scope.cluster, version="18.1.0"))
)
SCALED = replace(WANTED, replicas=3)
VARIANTS = (WANTED, UPGRADED, SCALED)

Planner = Callable[[], Sequence[Part]]


@dataclass
class Scene:
    """A deployment and its account, brought somewhere by a history of actions."""

    account: Account

    def wish(self, wanted: WantedDeployment) -> Planner:
        return lambda: plan(wanted, self.account.observe())

    def end(self, wanted: WantedDeployment) -> Planner:
        return lambda: teardown(wanted, self.account.observe())

    def run(self, planner: Planner, writes: int | None = None) -> Sequence[Part]:
        """Passes until nothing is left or the process dies after `writes`; time goes on after every other one."""
        for index in range(ROUNDS):
            parts = planner()
            for step in steps_of(parts):
                if writes == 0:
                    return parts
                writes = None if writes is None else writes - 1
                self.account.apply(step)
            if not steps_of(parts) and self._at_rest():
                return parts
            if index % 2:
                self.account.pass_time()
        raise AssertionError(f"still writing after {ROUNDS} passes: {steps_of(planner())}")

    def _at_rest(self) -> bool:
        before = self.account.observe()
        self.account.pass_time()
        return self.account.observe() == before


def drift(account: Account, kind: str) -> None:
    """Somebody changes something of ours behind our back."""
    match kind:
        case "policy" if account.role:
            account.role = replace(account.role, policies={})
        case "trust" if account.role:
            account.role = replace(account.role, trust={"Version": "2012-10-17", "Statement": []})
        case "token" if account.token:
            account.token = replace(account.token, rules=frozenset())
        case "capacity" if account.cluster:
            account.cluster = replace(account.cluster, capacity_providers=frozenset())
        case "count" if account.service:
            account.service = replace(account.service, desired_count=1)
        case "network" if account.service:
            network = Network(frozenset(), frozenset(), assign_public_ip=False)
            account.service = replace(account.service, network=network)
        case "deregister":
            account.family = {
                number: replace(item, status="INACTIVE") for number, item in account.family.items()
            }
        case "updater" if account.service and account.service.status == "ACTIVE":
            _update_as_teleport_does(account)
        case _:
            _delete(account, kind)


def _update_as_teleport_does(account: Account) -> None:
    """Teleport's own updater: a revision with the three tags alone, rolled out at once."""
    assert account.service is not None
    number = max(account.family, default=0) + 1
    account.family[number] = task_definition(number, version="18.2.0", tags=TELEPORT_TAGS)
    account.service = replace(account.service, task_definition_arn=arn(number))


def _delete(account: Account, kind: str) -> None:
    match kind:
        case "no role":
            account.role = None
        case "no token":
            account.token = None
        case "no service" if account.service:
            account.service = replace(account.service, status="DRAINING", desired_count=0)
        case "no cluster" if account.service is None or account.service.status == "INACTIVE":
            account.cluster = None
        case _:
            account.pass_time()


DRIFTS = (
    *("policy", "trust", "token", "capacity", "count", "network", "deregister"),
    *("no role", "no token", "no service", "no cluster", "time"),
)
# A family without a service belongs to whom its newest revision belongs: no stranger of its own.
STRANGERS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "role": lambda tags: {"role": replace(ROLE_SEEN, tags=tags, policies={})},
    "token": lambda tags: {"token": replace(TOKEN_SEEN, labels=tags, rules=frozenset())},
    "cluster": lambda tags: {
        "cluster": replace(CLUSTER_SEEN, tags=tags, capacity_providers=frozenset({"FARGATE_SPOT"}))
    },
    "service": lambda tags: {
        "cluster": replace(CLUSTER_SEEN, tags=tags),
        "service": replace(SERVICE_SEEN, tags=tags, desired_count=1),
        "family": {1: task_definition(1, version="17.0.0", tags=tags)},
    },
}

passes = st.tuples(st.sampled_from(["plan", "end"]), st.sampled_from(VARIANTS), st.integers(0, 12))
drifts = st.tuples(st.just("drift"), st.sampled_from(DRIFTS))
histories = st.lists(st.one_of(passes, drifts), max_size=6)


@st.composite
def strangers(draw: st.DrawFn) -> dict[str, Any]:
    """Things of others under our names."""
    there: dict[str, Any] = {}
    for kind in draw(st.sets(st.sampled_from(sorted(STRANGERS)))):
        there |= STRANGERS[kind](draw(st.sampled_from([{}, TELEPORT_TAGS, FOREIGN_TAGS])))
    return there


def scene(history: Sequence[Any], **others: Any) -> Scene:
    """Where a history of cut passes and drift leads."""
    found = Scene(Account(marks=MARKS, **others))
    found.account.pass_time()
    for what, *details in history:
        if what == "drift":
            drift(found.account, details[0])
        else:
            wanted, writes = details
            found.run(found.wish(wanted) if what == "plan" else found.end(wanted), writes)
    return found


@settings(deadline=None, max_examples=40)
@given(history=histories, wanted=st.sampled_from(VARIANTS))
def test_it_converges_and_then_nothing_is_written(history: list[Any], wanted: WantedDeployment) -> None:
    found = scene(history)
    parts = found.run(found.wish(wanted))
    assert [part.condition for part in parts if part.condition in REQUIRED and not part.done] == []
    assert steps_of(plan(wanted, found.account.observe())) == ()
    assert found.account.service is not None
    assert found.account.service.desired_count == wanted.replicas
    active = [item.arn for item in found.account.family.values() if item.status == "ACTIVE"]
    assert found.account.service.task_definition_arn in active
    assert len(active) <= 1 + KEPT_REVISIONS


@settings(deadline=None, max_examples=40)
@given(history=histories, wanted=st.sampled_from(VARIANTS))
def test_a_teardown_leaves_nothing(history: list[Any], wanted: WantedDeployment) -> None:
    found = scene(history)
    assert all_done(found.run(found.end(wanted)), {})
    account = found.account
    assert (account.role, account.token) == (None, None)
    assert account.cluster is None or account.cluster.status == "INACTIVE"
    assert account.service is None or account.service.status == "INACTIVE"
    assert {item.status for item in account.family.values()} <= {"DELETE_IN_PROGRESS"}
    assert steps_of(found.end(wanted)()) == ()


@settings(deadline=None, max_examples=40)
@given(history=histories, wanted=st.sampled_from(VARIANTS), others=strangers())
def test_what_is_anothers_is_never_touched(
    history: list[Any], wanted: WantedDeployment, others: dict[str, Any]
) -> None:
    # The account itself refuses writes to anything that does not carry one of our marks.
    before = copy.copy(scene([], **copy.deepcopy(others)).account)
    found = scene([action for action in history if action[0] != "drift"], **copy.deepcopy(others))
    found.run(found.wish(wanted))
    assert all_done(found.run(found.end(wanted)), {})
    for name in others:
        assert getattr(found.account, name) == getattr(before, name)


@settings(deadline=None, max_examples=40)
@given(history=histories, wanted=st.sampled_from(VARIANTS))
def test_a_plan_deletes_nothing_and_creates_no_second_service(
    history: list[Any], wanted: WantedDeployment
) -> None:
    found = scene(history)
    service = found.account.service
    before = len(found.account.written)
    found.run(found.wish(wanted))
    done = found.account.written[before:]
    forbidden = (DeleteService, DeleteCluster, DeleteRole, DeleteRolePolicy, DeleteJoinToken)
    assert [step for step in done if isinstance(step, forbidden)] == []
    created = sum(isinstance(step, CreateService) for step in done)
    assert created == (0 if service is not None and service.status == "ACTIVE" else 1)


@settings(deadline=None, max_examples=40)
@given(
    history=histories,
    blind=st.sets(st.sampled_from(["role", "token", "cluster", "service", "newest", "revisions"])),
)
@example([("plan", WANTED, 2)], {"revisions"})
@example([("plan", WANTED, 2)], {"newest"})
def test_what_was_not_seen_is_not_written_to(history: list[Any], blind: set[str]) -> None:
    found = scene(history)
    seen: dict[str, Any] = {name: Unseen() for name in blind}
    if "service" in blind:
        seen |= {"serving": Unseen(), "tasks": Unseen()}
    if "revisions" in blind:
        seen |= {"family": Unseen()}
    world = replace(found.account.observe(), **seen)
    for step in (*steps_of(plan(WANTED, world)), *steps_of(teardown(WANTED, world))):
        written = {
            *({"role"} if "Role" in step.name else ()),
            *({"token"} if "JoinToken" in step.name else ()),
            *({"service"} if "Service" in step.name or "TaskDefinition" in step.name else ()),
            *({"newest"} if step.name == "RegisterTaskDefinition" else ()),
            *({"revisions"} if step.name in {"DeregisterTaskDefinition", "DeleteTaskDefinition"} else ()),
            *({"cluster"} if "Cluster" in step.name or "CreateService" in step.name else ()),
        }
        assert not written & blind, step


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS])
def test_a_stranger_is_one_that_carries_no_mark_of_ours(tags: dict[str, str]) -> None:
    account = Account(marks=MARKS, role=replace(ROLE_SEEN, tags=tags))
    assert OWNER not in tags
    with pytest.raises(AssertionError, match="another's"):
        account.apply(
            DeleteRolePolicy(
                condition=plan(WANTED, account.observe())[0].condition, role=ROLE_SEEN.name, policy="x"
            )
        )


def test_what_teleports_updater_rolled_out_is_accepted() -> None:
    found = scene([("plan", WANTED, 99), ("drift", "updater")])
    before = len(found.account.written)
    found.run(found.wish(WANTED))
    assert found.account.written[before:] == []
    assert found.account.service is not None
    assert found.account.service.task_definition_arn == arn(2)
