"""Parts of a plan: what each kind of part says, and how a pass sums them up."""

import pytest
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import part
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Terminal, Transient, Waiting
from rds_enrollment.plan.part import Part
from rds_enrollment.plan.steps.iam import DeleteRole, DeleteRolePolicy

ROLE = ConditionType.ROLE_READY
TOKEN = ConditionType.JOIN_TOKEN_READY
FIRST = DeleteRolePolicy(condition=ROLE, role="agents", policy="inline")
SECOND = DeleteRole(condition=ROLE, role="agents")
DENIED = Blocked(Reason.ACCESS_DENIED, "may not")
WRITING = part.writing(ROLE, FIRST, SECOND)
REFUSED = part.refused(TOKEN, Reason.OWNED_BY_ANOTHER, "theirs")
SATISFIED = part.satisfied(ConditionType.NETWORK_READY, "there")


def test_a_part_with_something_to_write_is_not_done() -> None:
    writing = part.writing(ROLE, FIRST, SECOND)
    assert writing == Part(
        ROLE,
        Verdict(
            ConditionStatus.UNKNOWN,
            Reason.IN_PROGRESS,
            "To do: DeleteRolePolicy (policy inline of IAM role agents), DeleteRole (IAM role agents).",
        ),
        (FIRST, SECOND),
    )
    assert not writing.done


def test_what_was_read_back_is_done() -> None:
    true, false = ConditionStatus.TRUE, ConditionStatus.FALSE
    assert part.satisfied(ROLE, "there") == Part(ROLE, Verdict(true, Reason.SUCCEEDED, "there"), done=True)
    assert part.removed(ROLE, "gone") == Part(ROLE, Verdict(false, Reason.DELETING, "gone"), done=True)


def test_a_refusal_is_blocked_and_progress_is_not() -> None:
    refused = part.refused(ROLE, Reason.OWNED_BY_ANOTHER, "theirs")
    assert refused.verdict == Verdict(ConditionStatus.FALSE, Reason.OWNED_BY_ANOTHER, "theirs")
    assert isinstance(refused.outcome, Blocked)
    assert (refused.outcome.reason, refused.outcome.message) == (Reason.OWNED_BY_ANOTHER, "theirs")
    progressing = part.progressing(ROLE, Reason.ROLLING_OUT, "1 of 2")
    assert progressing == Part(ROLE, Verdict(ConditionStatus.FALSE, Reason.ROLLING_OUT, "1 of 2"))


def test_a_part_that_waits_for_another_gives_way_to_what_was_true() -> None:
    verdict = Verdict(ConditionStatus.UNKNOWN, Reason.PENDING, "Waits for RoleReady.", soft=True)
    assert part.held(TOKEN, "RoleReady") == Part(TOKEN, verdict)


@pytest.mark.parametrize(
    ("outcome", "attempts", "status", "soft"),
    [
        (Transient(Reason.AWS_THROTTLED, "slow"), 1, ConditionStatus.UNKNOWN, True),
        (Transient(Reason.AWS_THROTTLED, "slow"), 2, ConditionStatus.UNKNOWN, True),
        (Transient(Reason.AWS_THROTTLED, "slow"), 3, ConditionStatus.UNKNOWN, False),
        (Conflict(Reason.CONFLICT, "again"), 1, ConditionStatus.UNKNOWN, True),
        (Conflict(Reason.CONFLICT, "again"), 3, ConditionStatus.UNKNOWN, False),
        (Blocked(Reason.ACCESS_DENIED, "no"), 1, ConditionStatus.FALSE, False),
        (Terminal(Reason.INVALID_SPEC, "no"), 1, ConditionStatus.FALSE, False),
        (Waiting(Reason.IAM_PROPAGATING, "soon", after=5), 1, ConditionStatus.FALSE, False),
    ],
)
def test_what_could_not_be_read(outcome: Outcome, attempts: int, status: ConditionStatus, soft: bool) -> None:
    unseen = part.unseen(ROLE, Unseen(outcome), attempts)
    assert unseen.outcome is outcome
    assert unseen.verdict == Verdict(status, outcome.reason, outcome.message, soft)
    assert not unseen.done
    assert not unseen.steps


def test_what_was_not_reached_waits() -> None:
    unseen = part.unseen(ROLE, Unseen(), 5)
    assert unseen.outcome is None
    assert unseen.verdict.soft
    assert unseen.verdict.reason is Reason.PENDING


def test_steps_keep_the_order_of_the_parts() -> None:
    last = DeleteRole(condition=TOKEN, role="z")
    assert part.steps_of([WRITING, REFUSED, SATISFIED, part.writing(TOKEN, last)]) == (FIRST, SECOND, last)


def test_a_failed_write_overrules_its_parts_verdict() -> None:
    verdicts = part.verdicts_of([WRITING, REFUSED, SATISFIED], {ROLE: DENIED}, 1)
    assert verdicts[ROLE] == Verdict(ConditionStatus.FALSE, Reason.ACCESS_DENIED, "may not")
    assert verdicts[TOKEN].reason is Reason.OWNED_BY_ANOTHER
    assert verdicts[ConditionType.NETWORK_READY].status is ConditionStatus.TRUE


def test_outcomes_of_reads_and_refusals_and_writes() -> None:
    assert part.outcomes_of([WRITING, REFUSED, SATISFIED], {ROLE: DENIED}) == (REFUSED.outcome, DENIED)
    assert part.outcomes_of([WRITING, SATISFIED], {}) == ()


def test_all_is_done_when_every_part_was_read_back_and_no_write_failed() -> None:
    there, gone = part.satisfied(ROLE, "there"), part.removed(TOKEN, "gone")
    assert part.all_done([there, gone], {})
    assert not part.all_done([there, gone], {ROLE: DENIED})
    assert not part.all_done([there, part.writing(TOKEN, FIRST)], {})
    assert not part.all_done([there, part.held(TOKEN, "RoleReady")], {})
