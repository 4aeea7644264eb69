"""AWS's Reachability Analyzer: once for each cause, within the budget of a day, whatever happens in between."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.diagnostics import Diagnostics, ReachabilityAnalysis, ReachabilityAnalyzer
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.deployment.analyses import book
from rds_enrollment.plan.deployment.analyzer import analyses_removal, analyzed
from rds_enrollment.plan.deployment.databases import databases_part
from rds_enrollment.plan.deployment.questions import questions
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import RdsInventory, Task
from rds_enrollment.plan.observed.insights import Insights, InsightsAnalysis, InsightsPath
from rds_enrollment.plan.observed.network import NetworkInterface
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.plan.part import Part, verdicts_of
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps.insights import (
    CreateNetworkInsightsPath,
    DeleteNetworkInsightsAnalysis,
    DeleteNetworkInsightsPath,
    StartNetworkInsightsAnalysis,
)

from tests.unit.plan.deployment.build import GROUP, NOW, SUBNETS, TAGS, VPC_SEEN, WANTED, task
from tests.unit.plan.deployment.test_deployment_databases import (
    IN_FIRST,
    LET_IN,
    SHUT,
    database,
    instance,
    interface,
    report,
    seen,
)
from tests.unit.plan.network import dsl
from tests.unit.plan.network.dsl import Edit

CODE = "ENI_SG_RULES_MISMATCH (ingress; sg-db)"
MESSAGE = "AWS's Reachability Analyzer"
CONDITION = ConditionType.DATABASES_REACHABLE
MOST = 5


def asking(most: int = MOST, **fields: Any) -> WantedDeployment:
    chosen = Diagnostics(reachability_analyzer=ReachabilityAnalyzer.ON_FAILURE, max_analyses_per_day=most)
    return replace(WANTED, agents=AgentSpec(diagnostics=chosen), **fields)


@dataclass
class Account:
    """An operator's passes over one deployment: AWS, the status, and the clock."""

    world: DeploymentWorld
    now: datetime = NOW
    wanted: WantedDeployment = field(default_factory=asking)
    status: tuple[ReachabilityAnalysis, ...] = ()
    answer: Callable[[InsightsPath], tuple[str, ...]] = lambda path: (CODE,)
    held: bool = False
    started: int = 0
    paths: dict[str, InsightsPath] = field(default_factory=dict)
    analyses: dict[str, InsightsAnalysis] = field(default_factory=dict)

    def look(self) -> tuple[WantedDeployment, DeploymentWorld]:
        insights = Insights(tuple(self.paths.values()), tuple(self.analyses.values()))
        world = replace(self.world, insights=insights, observed_at=self.now)
        return replace(self.wanted, analyses=self.status), world

    def part(self) -> Part:
        wanted, world = self.look()
        return analyzed(wanted, world, databases_part(wanted, world, 1))

    def work(self) -> None:
        """What a pass does before it reports."""
        while steps := self.part().steps:
            for step in steps:
                self.apply(step)

    def run(self) -> Part:
        """A whole pass, and AWS's time until the next."""
        self.work()
        part = self.part()
        self.status = book(*self.look())
        if not self.held:
            self.analyses = {name: self._ended(item) for name, item in self.analyses.items()}
        return part

    def settle(self) -> Part:
        """Passes until nothing is left to do."""
        for _ in range(200):
            before = (self.status, dict(self.paths), dict(self.analyses))
            part = self.run()
            if before == (self.status, self.paths, self.analyses):
                return part
        raise AssertionError("it never ends")

    def apply(self, step: Step) -> None:
        match step:
            case CreateNetworkInsightsPath():
                name = f"nip-{step.token[:8]}"
                self.paths[name] = InsightsPath(
                    id=name, source=step.source, destination=step.destination, tags=step.tags
                )
            case StartNetworkInsightsAnalysis():
                self.started += 1
                name = f"nia-{self.started}"
                self.analyses[name] = InsightsAnalysis(
                    id=name, path=step.path, started_at=self.now, status="running", failure="", reachable=False,
                    explanations=(),
                )  # fmt: skip
            case DeleteNetworkInsightsAnalysis():
                assert self.analyses.pop(step.analysis).ended
            case DeleteNetworkInsightsPath():
                assert not [item for item in self.analyses.values() if item.path == step.path]
                del self.paths[step.path]
            case _:
                raise AssertionError(step)

    def _ended(self, item: InsightsAnalysis) -> InsightsAnalysis:
        found = self.answer(self.paths[item.path])
        return replace(item, status="succeeded", reachable=not found, explanations=found)


def broken(*edits: Edit, **fields: Any) -> DeploymentWorld:
    """One task runs, with an interface of its own."""
    return seen(*edits, **{"tasks": (running("t1", "10.0.0.1"),), **fields})


def running(name: str, address: str, **fields: Any) -> Task:
    return task(name, address, network_interface_id=f"eni-{name}", **fields)


def failing(databases: int, groups: int) -> DeploymentWorld:
    """So many databases that no agent reaches, which share so many security groups."""
    hosts = [f"db-{number}.abc" for number in range(databases)]
    edits = [dsl.group(f"sg-{number}") for number in range(groups)]
    edits += [
        interface(f"eni-db-{number}", SUBNETS[0], f"10.0.0.{50 + number}", f"sg-{number}")
        for number in range(groups)
    ]
    found = tuple(
        instance(endpoint=host, security_groups=(f"sg-{number % groups}",))
        for number, host in enumerate(hosts)
    )
    return broken(
        *edits,
        inventory=RdsInventory("123456789012", "us-west-1", found, ()),
        databases=tuple(database(host, host) for host in hosts),
        servers=tuple(report(host) for host in hosts),
    )


@pytest.fixture
def account() -> Account:
    return Account(broken(SHUT, IN_FIRST))


def test_the_whole_way_of_one_cause(account: Account) -> None:
    assert "of the way from eni-t1 to eni-1, is at work" in account.run().verdict.message
    assert [item.state for item in account.status] == ["Running"]
    (path,) = account.paths.values()
    assert TAGS.items() <= path.tags.items()

    part = account.run()
    assert f"finds no way from eni-t1 to eni-1: {CODE}." in part.verdict.message
    assert "authorize-security-group-ingress" in part.verdict.message
    assert account.paths, "what was found is written before it is deleted"

    account.settle()
    assert (account.paths, account.analyses, account.started) == ({}, {}, 1)
    assert [(item.reachable, item.explanations, item.path_id) for item in account.status] == [
        (False, (CODE,), None)
    ]
    assert CODE in account.part().verdict.message
    assert account.part().outcome is None


@pytest.mark.parametrize(("groups", "first_day"), [(1, 1), (8, MOST)])
def test_the_budget_of_a_day_holds_under_a_thousand_failing_databases(groups: int, first_day: int) -> None:
    account = Account(failing(1000, groups))
    part = account.settle()
    assert account.started == first_day
    assert len(account.status) == first_day
    assert MESSAGE in part.verdict.message

    account.now += timedelta(hours=24, seconds=1)
    account.settle()
    assert account.started == min(groups, 2 * MOST)
    assert account.paths == {}


def test_the_cause_of_most_databases_is_asked_about_first() -> None:
    account = Account(failing(7, 3), wanted=asking(1))
    first, *_ = questions(*account.look())
    assert first.databases == 3
    account.settle()
    assert [item.cause for item in account.status] == [first.cause]
    account.world = broken(SHUT, IN_FIRST)
    assert "maxAnalysesPerDay (1) are spent within 24 hours" in account.settle().verdict.message


@pytest.mark.parametrize("lost", ["path", "analysis", "result", "deletion"])
def test_what_was_spent_and_made_is_found_after_a_crash(account: Account, lost: str) -> None:
    """The operator dies after a write, before it could report."""
    for _ in range({"path": 0, "analysis": 0, "result": 1, "deletion": 2}[lost]):
        account.run()
    if lost == "path":
        (step,) = account.part().steps
        account.apply(step)
    elif lost == "deletion":
        account.apply(account.part().steps[0])
    else:
        account.work()
    account.settle()
    assert (account.started, account.paths, account.analyses) == (1, {}, {})
    assert [item.explanations for item in account.status] == [(CODE,)]


def test_an_analysis_that_nothing_was_written_of_counts(account: Account) -> None:
    account.wanted = asking(1)
    account.work()
    assert account.status == ()
    account.world = replace(account.world, databases=(), servers=())
    account.settle()
    assert len(account.status) == 1
    account.world = broken(SHUT, IN_FIRST)
    assert "are spent" in account.settle().verdict.message
    assert account.started == 1


def test_a_cause_that_came_back_is_asked_about_again_and_paid_for_again(account: Account) -> None:
    account.settle()
    account.world = broken(LET_IN, IN_FIRST)
    assert account.settle().verdict.status is ConditionStatus.TRUE
    assert MESSAGE not in account.part().verdict.message
    account.world = broken(SHUT, IN_FIRST)
    account.settle()
    assert (account.started, len(account.status)) == (2, 2)


def test_whoever_asks_for_a_reconcile_asks_anew(account: Account) -> None:
    account.settle()
    account.wanted = asking(retry=True)
    account.run()
    account.wanted = asking()
    account.settle()
    assert account.started == 2


def test_a_way_that_is_open_points_to_the_database() -> None:
    account = Account(broken(LET_IN, IN_FIRST, servers=(report(),)), answer=lambda path: ())
    message = account.settle().verdict.message
    assert (
        "finds the way from eni-t1 to eni-1 open: see whether the database itself takes connections"
        in message
    )


def test_one_that_failed_says_why_and_is_not_repeated(account: Account) -> None:
    account.held = True
    account.run()
    (item,) = account.analyses.values()
    account.analyses[item.id] = replace(item, status="failed", failure="insufficient Tiros permissions")
    assert "failed: insufficient Tiros permissions." in account.settle().verdict.message
    assert account.started == 1


def test_nothing_is_asked_without_leave_or_without_a_task_that_runs(account: Account) -> None:
    disabled = replace(asking(), agents=AgentSpec(diagnostics=Diagnostics()))
    for wanted in (WANTED, disabled, asking(may_analyze=False)):
        account.wanted = wanted
        assert account.part().steps == ()
    account.wanted = asking()
    account.world = replace(account.world, tasks=(running("t1", "10.0.0.1", last_status="PENDING"),))
    assert account.part().steps == ()


def test_one_that_is_switched_off_while_it_works_is_cleared_away(account: Account) -> None:
    account.run()
    account.wanted = WANTED
    account.settle()
    assert (account.started, account.paths) == (1, {})


def test_a_path_from_a_task_that_is_gone_is_made_anew(account: Account) -> None:
    (step,) = account.part().steps
    account.apply(step)
    account.world = replace(account.world, tasks=(running("t9", "10.0.0.9"),))
    account.settle()
    assert [item.source for item in account.status] == ["eni-t9"]


def test_an_analyzer_that_cannot_be_asked_changes_no_verdict(account: Account) -> None:
    denied = Blocked(Reason.ACCESS_DENIED, "Allow ec2:DescribeNetworkInsightsPaths.")
    wanted, world = asking(), replace(account.world, insights=Unseen(denied))
    part = analyzed(wanted, world, databases_part(wanted, world, 1))
    assert (part.verdict.reason, part.outcome, part.steps) == (Reason.UNREACHABLE, None, ())
    assert part.verdict.message.endswith(f" ({denied.message})")

    told = verdicts_of([account.part()], {CONDITION: denied}, 1)[CONDITION]
    assert told.reason is Reason.UNREACHABLE
    assert told.message.endswith(f" ({denied.message})")


def test_the_groups_that_tasks_really_have_are_the_cause(account: Account) -> None:
    (before,) = questions(*account.look())
    real = NetworkInterface(
        "eni-t1", dsl.VPC, SUBNETS[0], "", (ip_address("10.0.0.1"),), frozenset({"sg-old"})
    )
    vpc = dsl.edited(VPC_SEEN, SHUT, IN_FIRST, dsl.group("sg-old"))
    account.world = replace(
        account.world, vpc=replace(vpc, network_interfaces=(*vpc.network_interfaces, real))
    )
    (after,) = questions(*account.look())
    assert (before.source, before.destination) == (after.source, after.destination) == ("eni-t1", "eni-1")
    assert before.cause != after.cause
    assert GROUP not in after.cause


def test_a_deployment_goes_after_what_it_asked(account: Account) -> None:
    account.held = True
    account.run()
    part = analyses_removal(*account.look(), 1)
    assert (part.done, part.steps, part.verdict.reason) == (False, (), Reason.DELETING)
    account.held = False
    account.run()
    part = analyses_removal(*account.look(), 1)
    assert [step.name for step in part.steps] == [
        "DeleteNetworkInsightsAnalysis",
        "DeleteNetworkInsightsPath",
    ]
    for step in part.steps:
        account.apply(step)
    assert analyses_removal(*account.look(), 1).done
