"""What is left over: whose marks count, and what has to go before."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.plan.leftovers import Leftover, Region, Survey, leftovers
from rds_enrollment.plan.observed.aws import EcsCluster, IdentityProvider, Role
from rds_enrollment.plan.observed.insights import Insights, InsightsAnalysis, InsightsPath
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupUse
from rds_enrollment.plan.observed.teleport import Database, JoinToken, RdsMetadata
from rds_enrollment.plan.ownership import Owner

GONE = Owner("prod", "dbsvc", "team", "vpc")
THERE = replace(GONE, name="other")
MINE = {OWNER_MARK: GONE.mark}
SHARED = {OWNER_MARK: "prod"}
ROLE = Role("r", "arn:aws:iam::123456789012:role/r", "/", {}, MINE, {"p": {}})
PROVIDER = IdentityProvider("arn:provider", "teleport.example.com", frozenset(), SHARED)
CLUSTER = EcsCluster("arn:cluster", "c", "ACTIVE", frozenset(), 0, SHARED)
GROUP = ManagedGroup(id="sg-1", vpc_id="vpc-1", name="g", tags=MINE, use=SecurityGroupUse())


def survey(region: dict[str, Any] | None = None, **fields: Any) -> Survey:
    place: dict[str, Any] = {
        "name": "us-west-1",
        "cluster": None,
        "services": (),
        "revisions": (),
        "log_groups": (),
        "groups": (),
        "rules": (),
    }
    seen: dict[str, Any] = {
        "account": "123456789012",
        "owner_id": "prod",
        "living": frozenset({THERE}),
        "namespaces": frozenset(),
        "regions": (Region(**{**place, **(region or {})}),),
        "roles": (),
        "provider": None,
        "provider_users": (),
        "databases": (),
        "tokens": (),
        "integrations": (),
    }
    return Survey(**{**seen, **fields})


@pytest.mark.parametrize(
    ("mark", "counts"),
    [
        (GONE.mark, True),
        (THERE.mark, False),
        (replace(GONE, owner_id="second").mark, False),
        ("prod", False),
        ("", False),
        ("prod/dbsvc/team", False),
    ],
)
def test_only_marks_of_this_operator_without_an_object_count(mark: str, counts: bool) -> None:
    found = leftovers(survey(roles=(replace(ROLE, tags={OWNER_MARK: mark}),)))
    assert bool(found) is counts


def test_a_role_goes_with_its_policies() -> None:
    [item] = leftovers(survey(roles=(ROLE,)))
    assert [step.name for step in item.steps] == ["DeleteRolePolicy", "DeleteRole"]


def test_namespaces_that_were_not_looked_at_are_left_alone_and_so_is_what_is_shared() -> None:
    seen: dict[str, Any] = {"roles": (ROLE,), "provider": PROVIDER, "living": frozenset[Owner]()}
    assert len(leftovers(survey(namespaces=frozenset({"team"}), **seen))) == 1
    assert leftovers(survey(namespaces=frozenset({"elsewhere"}), **seen)) == ()
    assert len(leftovers(survey(**seen))) == 2


def test_shared_things_wait_for_their_users() -> None:
    empty = frozenset[Owner]()
    busy = replace(CLUSTER, active_services=1)
    assert leftovers(survey({"cluster": CLUSTER})) == ()
    [item] = leftovers(survey({"cluster": CLUSTER}, living=empty))
    assert [step.name for step in item.steps] == ["DeleteCluster"]
    [item] = leftovers(survey({"cluster": busy}, living=empty))
    assert (item.steps, item.waits) == ((), "1 active service in it")

    used = survey(provider=PROVIDER, provider_users=(ROLE.arn,), living=empty)
    assert leftovers(used)[-1].waits == f"used by {ROLE.arn}"
    assert not leftovers(used)[-1].ends_by_itself
    assert leftovers(replace(used, roles=(ROLE,)))[-1].ends_by_itself
    assert leftovers(replace(used, living=frozenset({replace(THERE, kind="awsoidc")}))) == ()


def test_a_group_that_others_name_waits_for_them() -> None:
    def found(use: SecurityGroupUse) -> Leftover:
        [item] = leftovers(survey({"groups": (replace(GROUP, use=use),)}))
        return item

    assert [step.name for step in found(SecurityGroupUse()).steps] == ["DeleteSecurityGroup"]
    assert found(SecurityGroupUse(interfaces=("eni-1",))).ends_by_itself
    theirs = found(SecurityGroupUse(groups=("sg-2",)))
    assert (theirs.steps, theirs.waits, theirs.ends_by_itself) == ((), "used by rules of sg-2", False)


def test_a_path_goes_with_its_analyses_once_they_have_ended() -> None:
    path = InsightsPath(id="nip-1", source="eni-1", destination="eni-2", tags=MINE)
    analysis = InsightsAnalysis(
        id="nia-1",
        path="nip-1",
        started_at=datetime(2025, 6, 1, tzinfo=UTC),
        status="running",
        failure="",
        reachable=False,
        explanations=(),
    )
    [item] = leftovers(survey({"insights": Insights((path,), (analysis,))}))
    assert (item.steps, item.ends_by_itself) == ((), True)
    ended = replace(analysis, status="failed")
    [item] = leftovers(survey({"insights": Insights((path,), (ended,))}))
    assert [step.name for step in item.steps] == [
        "DeleteNetworkInsightsAnalysis",
        "DeleteNetworkInsightsPath",
    ]


def test_in_teleport_only_what_is_about_the_account_and_its_regions() -> None:
    database = Database("d", "", MINE, "postgres", "h:1", "us-west-1", "123456789012", RdsMetadata())
    token = JoinToken(
        "rds-enrollment-123456789012-us-west-1-vpc-1", "iam", frozenset(), frozenset(), labels=MINE
    )
    elsewhere = (
        replace(database, region="eu-west-1"),
        replace(database, account_id="210987654321"),
    )
    found = leftovers(survey(databases=(database, *elsewhere), tokens=(token, replace(token, name="x"))))
    assert [item.resource for item in found] == ["db d", f"token {token.name}"]
