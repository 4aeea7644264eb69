"""What the status remembers of tags."""

from typing import Any, cast

from rds_enrollment.api.reasons import ConditionType
from rds_enrollment.controllers.converge import Converged, Failures
from rds_enrollment.controllers.tags import applied_tags, former_tags
from rds_enrollment.plan.ownership import FormerTags
from rds_enrollment.plan.part import Part, satisfied, writing
from rds_enrollment.plan.steps.iam import PutRolePolicy, TagRole, UntagRole

ROLE = ConditionType.ROLE_READY
TAG = TagRole(condition=ROLE, role="r", tags={"team": "data", "teleport.dev/cluster": "example"})
UNTAG = UntagRole(condition=ROLE, resource="r", keys=("old",))
PUT = PutRolePolicy(condition=ROLE, role="r", policy="p", document={})
DONE, LEFT = satisfied(ROLE, "there"), writing(ROLE, UNTAG)
USER = {"team": "data", "cost": "7"}


def end(part: Part, *applied: Any) -> Converged[Any]:
    return Converged(cast("Any", None), [part], Failures(), applied)


def test_all_that_is_wanted_is_there_once_everything_was_read_back() -> None:
    assert applied_tags({"old": "1"}, USER, end(DONE)) == USER
    assert applied_tags({"old": "1"}, {}, end(DONE)) == {}


def test_until_then_what_was_there_and_what_was_written_may_be() -> None:
    assert applied_tags({"old": "1"}, USER, end(LEFT, TAG, PUT)) == {"old": "1", "team": "data"}
    assert applied_tags({"old": "1"}, USER, end(LEFT)) == {"old": "1"}


def test_what_is_not_wanted_any_more_is_former() -> None:
    applied = {"team": "data", "cost": "7", "old": "1"}
    found = former_tags(applied, {"Team": "sales"}, [{"cost": "7"}, {"old": "2"}])
    assert found == FormerTags(own={"cost": "7", "old": "1"}, shared={"old": "1"})
