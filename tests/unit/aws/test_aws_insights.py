"""AWS's Reachability Analyzer over HTTP, and the sandbox's: a verdict of the simulated network."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.insights import get_insights, marked_insights
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.observed.insights import Insights, InsightsAnalysis
from rds_enrollment.plan.outcome import Outcome, Waiting
from rds_enrollment.plan.steps.insights import (
    CreateNetworkInsightsPath,
    DeleteNetworkInsightsAnalysis,
    DeleteNetworkInsightsPath,
    StartNetworkInsightsAnalysis,
)

from hack.sandbox.aws.ec2 import SimulatedEc2Backend
from hack.sandbox.aws.world import Vpc, World
from tests.cluster.waiting import wait_until
from tests.unit.aws.conftest import REGION

MARK = "a/dbsvc/b/c"
TAGS = {OWNER_MARK: MARK, "team": "data"}
_COMMON: Mapping[str, Any] = {"condition": ConditionType.DATABASES_REACHABLE, "region": REGION}


@pytest.fixture
def vpc(world: World) -> Vpc:
    return world.seed_vpc(REGION, "first")


@pytest.fixture
def held() -> Iterator[None]:
    """No analysis ends."""
    SimulatedEc2Backend.analyzer.held = True
    yield
    SimulatedEc2Backend.analyzer.held = False


def interface(world: World, subnet: str, group: str) -> str:
    made = world.client("ec2", REGION).create_network_interface(SubnetId=subnet, Groups=[group])
    return str(made["NetworkInterface"]["NetworkInterfaceId"])


def creation(world: World, vpc: Vpc, port: int = 5432, token: str = "one") -> CreateNetworkInsightsPath:  # noqa: S107
    here, there = vpc.private_subnets
    return CreateNetworkInsightsPath(
        source=interface(world, here, vpc.agents_group),
        destination=interface(world, there, vpc.database_group),
        port=port,
        tags=TAGS,
        token=token,
        **_COMMON,
    )


def analysed(account: AwsAccount, step: CreateNetworkInsightsPath) -> InsightsAnalysis:
    apply(account, step)
    (path,) = get_insights(account, REGION, MARK).paths
    assert (path.source, path.destination, path.tags) == (step.source, step.destination, TAGS)
    apply(account, StartNetworkInsightsAnalysis(path=path.id, tags=TAGS, **_COMMON))
    wait_until(lambda: get_insights(account, REGION, MARK).analyses[0].ended, "the analysis ends", 10.0)
    (analysis,) = get_insights(account, REGION, MARK).analyses
    return analysis


def test_an_open_way(account: AwsAccount, world: World, vpc: Vpc) -> None:
    found = analysed(account, creation(world, vpc))
    assert (found.status, found.reachable, found.explanations) == ("succeeded", True, ())


def test_a_group_in_the_way(account: AwsAccount, world: World, vpc: Vpc) -> None:
    step = creation(world, vpc, port=5433)
    found = analysed(account, step)
    assert not found.reachable
    code = f"ENI_SG_RULES_MISMATCH (ingress; {vpc.database_group}, {step.destination})"
    assert found.explanations == (code,)


def test_an_acl_in_the_way(account: AwsAccount, world: World, vpc: Vpc) -> None:
    ec2, (here, _) = world.client("ec2", REGION), vpc.private_subnets
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [here]}])[
        "NetworkAcls"
    ]
    name = acl["NetworkAclId"]
    ec2.delete_network_acl_entry(NetworkAclId=name, RuleNumber=100, Egress=True)
    found = analysed(account, creation(world, vpc))
    assert f"SUBNET_ACL_RESTRICTION (egress; {name}, {here})" in found.explanations


def test_what_is_told_twice_is_made_once(account: AwsAccount, world: World, vpc: Vpc, held: None) -> None:
    step = creation(world, vpc)
    apply(account, step)
    apply(account, step)
    (path,) = marked_insights(account, REGION).paths
    start = StartNetworkInsightsAnalysis(path=path.id, tags=TAGS, **_COMMON)
    apply(account, start)
    apply(account, start)
    (analysis,) = marked_insights(account, REGION).analyses
    assert not analysis.ended


def test_a_path_goes_after_its_analyses_and_what_is_gone_is_deleted(
    account: AwsAccount, world: World, vpc: Vpc, held: None
) -> None:
    apply(account, creation(world, vpc))
    (path,) = get_insights(account, REGION, MARK).paths
    apply(account, StartNetworkInsightsAnalysis(path=path.id, tags=TAGS, **_COMMON))
    (analysis,) = get_insights(account, REGION, MARK).analyses
    deletion = DeleteNetworkInsightsPath(path=path.id, **_COMMON)
    with pytest.raises(Waiting):
        apply(account, deletion)
    steps = (DeleteNetworkInsightsAnalysis(analysis=analysis.id, **_COMMON), deletion)
    for step in (*steps, *steps):
        apply(account, step)
    assert get_insights(account, REGION, MARK) == Insights()


def test_paths_of_others_and_interfaces_that_are_gone(account: AwsAccount, world: World, vpc: Vpc) -> None:
    apply(account, creation(world, vpc))
    assert get_insights(account, REGION, "another/dbsvc/b/c") == Insights()
    gone = CreateNetworkInsightsPath(
        source="eni-0aaaaaaaaaaaaaaaa",
        destination="eni-0bbbbbbbbbbbbbbbb",
        port=5432,
        tags=TAGS,
        token="two",
        **_COMMON,
    )
    with pytest.raises(Outcome, match="does not exist"):
        apply(account, gone)
