"""The end of a deployment that is retained: it runs on, and nothing of it carries our mark."""

from dataclasses import replace

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.release import release
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import LogGroup
from rds_enrollment.plan.observed.security_groups import ManagedGroup, SecurityGroupRule
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import all_done, steps_of
from rds_enrollment.plan.steps.ecs import UntagEcsResource
from rds_enrollment.plan.steps.iam import UntagRole
from rds_enrollment.plan.steps.logs import UntagLogGroup
from rds_enrollment.plan.steps.security_groups import UntagSecurityGroup
from rds_enrollment.plan.steps.teleport import DisownJoinToken

from tests.unit.plan.deployment.build import (
    CLUSTER_ARN,
    CLUSTER_SEEN,
    ROLE,
    ROLE_SEEN,
    SERVICE_ARN,
    TAGS,
    TELEPORT_TAGS,
    TOKEN_SEEN,
    VPC,
    WANTED,
    arn,
    service,
    task_definition,
    world,
)

UNMARKED_REVISION = task_definition(2, tags=TELEPORT_TAGS)
BARE = {
    "newest": UNMARKED_REVISION,
    "serving": UNMARKED_REVISION,
    "token": replace(TOKEN_SEEN, labels={}),
    "role": replace(ROLE_SEEN, tags=TELEPORT_TAGS),
    "service": service(tags=TELEPORT_TAGS),
    "cluster": replace(CLUSTER_SEEN, tags=TELEPORT_TAGS),
}


def test_one_thing_after_the_other_loses_its_mark() -> None:
    serving, newest = task_definition(2), task_definition(3)
    revisions = release(WANTED, world(serving=serving, newest=newest, revisions=(arn(1), arn(2), arn(3))))
    steps = [step for step in steps_of(revisions) if isinstance(step, UntagEcsResource)]
    assert [step.resource for step in steps] == [arn(1), arn(2), arn(3)]

    group = LogGroup("g", "arn:aws:logs:us-west-1:123456789012:log-group:g", None, "", TAGS)
    rule = SecurityGroupRule(
        id="sgr-1", group="sg-db", egress=False, protocol="tcp", ports=None, peer="sg-0", tags=TAGS
    )
    made = ManagedGroup(id="sg-1", vpc_id=VPC, name="agents", tags=TAGS)
    order = [
        ("log_group", group, UntagLogGroup, group.arn),
        ("token", TOKEN_SEEN, DisownJoinToken, TOKEN_SEEN.name),
        ("role", ROLE_SEEN, UntagRole, ROLE),
        ("own_rules", (rule,), UntagSecurityGroup, rule.id),
        ("managed_group", made, UntagSecurityGroup, made.id),
        ("service", service(), UntagEcsResource, SERVICE_ARN),
        ("cluster", CLUSTER_SEEN, UntagEcsResource, CLUSTER_ARN),
    ]
    for field, seen, kind, target in order:
        (step,) = steps_of(release(WANTED, world(**{**BARE, field: seen})))
        assert type(step) is kind
        assert target in step.target
    foreign = replace(made, tags={OWNER_MARK: "other/dbsvc/a/b"})
    assert steps_of(release(WANTED, world(**{**BARE, "managed_group": foreign}))) == ()
    parts = release(WANTED, world(**BARE))
    assert steps_of(parts) == ()
    assert all_done(parts, {})


def test_a_cluster_that_others_use_keeps_its_mark() -> None:
    shared = replace(CLUSTER_SEEN, active_services=2)
    assert all_done(release(WANTED, world(**{**BARE, "cluster": shared})), {})


@pytest.mark.parametrize("field", ["token", "own_rules", "managed_group"])
def test_what_was_not_seen_holds_the_rest(field: str) -> None:
    unread = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))
    parts = release(WANTED, world(**{**BARE, field: unread}))
    assert not all_done(parts, {})
    assert steps_of(parts) == ()
