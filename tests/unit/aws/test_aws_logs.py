"""Log groups over real HTTP."""

from typing import Any

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.aws.apply import apply
from rds_enrollment.aws.logs import get_log_group
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.steps import logs as steps

REGION = "us-west-1"
CONDITION = ConditionType.TASK_DEFINITION_REGISTERED
GROUP = "ecs-example_com-teleport/vpc-0123456789abcdef0"


def test_a_group_reads_back_with_the_tags_that_it_got_later(account: AwsAccount) -> None:
    mark = {"rds-enrollment.dev/owner": "one/dbsvc/ns/main"}
    apply(
        account,
        steps.CreateLogGroup(condition=CONDITION, region=REGION, group=GROUP, kms_key_id="", tags=mark),
    )
    made = get_log_group(account, REGION, GROUP)
    assert made is not None
    assert made.tags == mark

    apply(
        account,
        steps.TagLogGroup(condition=CONDITION, region=REGION, arn=made.arn, tags={"team": "data"}),
    )

    tagged = get_log_group(account, REGION, GROUP)
    assert tagged is not None
    assert tagged.tags == {**mark, "team": "data"}


def test_a_group_gets_another_key_and_loses_it(account: AwsAccount) -> None:
    made: Any = {"condition": CONDITION, "region": REGION, "group": GROUP}
    key = "arn:aws:kms:us-west-1:123456789012:key/one"
    apply(account, steps.CreateLogGroup(**made, kms_key_id="", tags={}))

    apply(account, steps.AssociateKmsKey(**made, kms_key_id=key))
    found = get_log_group(account, REGION, GROUP)
    assert found is not None
    assert found.kms_key_id == key

    apply(account, steps.DisassociateKmsKey(**made))
    found = get_log_group(account, REGION, GROUP)
    assert found is not None
    assert found.kms_key_id == ""
