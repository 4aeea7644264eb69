"""The end of a pass: when to look again, what is written and what is told."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.conditions import Condition, Conditions, ConditionStatus, find_condition
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.controllers.adapters import Adapters
from rds_enrollment.controllers.grants_file import GrantsFile
from rds_enrollment.controllers.report import finished_status, publish, requeue
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.outcome import Blocked, Conflict, Outcome, Scheduled, Terminal, Transient, Waiting
from rds_enrollment.runtime.reconciler import Result

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
EARLIER = datetime(2025, 6, 1, 11, 0, tzinfo=UTC)
RESYNC = 600.0
POLL = 15.0
REQUIRED = (ConditionType.CREDENTIALS_VALID, ConditionType.ROLE_READY)

TERMINAL = Terminal(Reason.INVALID_SPEC, "terminal")
BLOCKED = Blocked(Reason.ACCESS_DENIED, "blocked")
TRANSIENT = Transient(Reason.AWS_THROTTLED, "transient")
CONFLICT = Conflict(Reason.CONFLICT, "conflict")
SOON = Waiting(Reason.IAM_PROPAGATING, "soon", after=5)
LATER = Waiting(Reason.IAM_PROPAGATING, "later", after=50)
OPENS = Scheduled(Reason.OUTSIDE_MAINTENANCE_WINDOW, "opens", after=7)
OPENS_TOMORROW = Scheduled(Reason.OUTSIDE_MAINTENANCE_WINDOW, "opens", after=86_400)


@dataclass
class ObjectsInMemory:
    """Keeps the statuses that were written; returns the object itself when nothing differed."""

    changes: bool = True
    written: list[dict[str, Any]] = field(default_factory=list)

    async def write_status(self, obj: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        if not self.changes:
            return obj
        self.written.append(status)
        return {**obj, "status": status}


@dataclass
class EventsInMemory:
    told: list[tuple[str, ...]] = field(default_factory=list)

    async def record(self, obj: Mapping[str, Any], *event: str) -> None:
        self.told.append(event)


class Untouched:
    """Reporting speaks with nobody else."""


def adapters(
    objects: ObjectsInMemory | None = None, events: EventsInMemory | None = None, seed: int = 1
) -> Adapters:
    return Adapters(
        objects=cast("Any", objects or ObjectsInMemory()),
        events=cast("Any", events or EventsInMemory()),
        drift=cast("Any", Untouched()),
        aws=cast("Any", Untouched()),
        threads=cast("Any", Untouched()),
        inventories=cast("Any", Untouched()),
        networks=cast("Any", Untouched()),
        marked_rules=cast("Any", Untouched()),
        dns=cast("Any", Untouched()),
        quotas=cast("Any", Untouched()),
        logins=cast("Any", Untouched()),
        issuer=cast("Any", Untouched()),
        host_names=cast("Any", Untouched()),
        read_only=False,
        adopts_always=False,
        preflight_blocks=False,
        teleport=cast("Any", Untouched()),
        grants=GrantsFile(None),
        owner_id="cluster-a",
        edition="auto",
        fips=False,
        docs_url="",
        poll_seconds=POLL,
        brake=cast("Any", Untouched()),
        concurrent_writes=1,
        max_rollouts=1,
        failures=lambda _: 0,
        now=lambda: NOW,
        rng=random.Random(seed),  # noqa: S311 (no secret)
    )


def condition(
    kind: ConditionType,
    status: ConditionStatus = ConditionStatus.TRUE,
    reason: Reason = Reason.SUCCEEDED,
    message: str = "there",
    since: datetime = EARLIER,
) -> Condition:
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=since,
        observed_generation=1,
    )


READY = (condition(ConditionType.READY),)
NOT_READY = (condition(ConditionType.READY, ConditionStatus.FALSE, Reason.ROLLING_OUT),)
FINDING = Reason.IMAGE_REGISTRY_UNREACHABLE
FOUND = (
    condition(ConditionType.NETWORK_READY, ConditionStatus.FALSE, FINDING),
    condition(ConditionType.READY, ConditionStatus.FALSE, FINDING),
)
STARTING = condition(ConditionType.TASKS_RUNNING, ConditionStatus.FALSE, Reason.TASKS_STARTING)
INFORMING = (
    *READY,
    condition(ConditionType.DATABASES_REACHABLE, ConditionStatus.FALSE, Reason.UNREACHABLE),
)


@pytest.mark.parametrize(
    ("outcomes", "conditions", "result"),
    [
        ([CONFLICT], NOT_READY, Result(failed=True)),
        ([BLOCKED], NOT_READY, Result(failed=True)),
        ([TRANSIENT], NOT_READY, Result(failed=True)),
        ([TRANSIENT], READY, Result(failed=True)),
        ([SOON, TRANSIENT], NOT_READY, Result(failed=True)),
        ([TERMINAL, BLOCKED], NOT_READY, Result(failed=True)),
        ([LATER, SOON], NOT_READY, Result(requeue_after=5)),
        ([TERMINAL, LATER], NOT_READY, Result(requeue_after=50)),
        ([], NOT_READY, Result(requeue_after=POLL)),
        # What begins by itself later keeps nobody from looking at all else, and is not slept through.
        ([OPENS], READY, Result(requeue_after=7)),
        ([OPENS], NOT_READY, Result(requeue_after=7)),
        ([OPENS_TOMORROW], NOT_READY, Result(requeue_after=POLL)),
        ([OPENS_TOMORROW, SOON], NOT_READY, Result(requeue_after=5)),
        ([OPENS, TRANSIENT], READY, Result(failed=True)),
        ([], FOUND, Result(requeue_after=12 * POLL)),
        ([], (*FOUND, STARTING), Result(requeue_after=POLL)),
        ([], (), Result(requeue_after=POLL)),
    ],
)
def test_when_to_look_again(outcomes: Sequence[Outcome], conditions: Conditions, result: Result) -> None:
    assert requeue(adapters(), conditions, outcomes, RESYNC) == result


@pytest.mark.parametrize(
    ("outcomes", "conditions", "period"),
    [
        ([], READY, 600),
        ([OPENS_TOMORROW], READY, 600),
        # Ready, and something to tell all the same: 12 polls.
        ([], INFORMING, 180),
        # Nothing but a change of the spec helps.
        ([TERMINAL], NOT_READY, 600),
    ],
)
def test_resyncs_are_spread_around_their_period(
    outcomes: Sequence[Outcome], conditions: Conditions, period: float
) -> None:
    delays = set()
    for seed in range(20):
        result = requeue(adapters(seed=seed), conditions, outcomes, RESYNC)
        assert not result.failed
        assert result.requeue_after is not None
        assert 0.9 * period <= result.requeue_after <= 1.1 * period
        delays.add(result.requeue_after)
    assert len(delays) > 1


@pytest.mark.parametrize(
    ("ago", "seconds"), [(0, 1), (0.4, 1), (2, 2), (5, 5), (14, 14), (16, POLL), (3600, POLL)]
)
def test_what_aws_has_just_begun_is_looked_at_again_soon(ago: float, seconds: float) -> None:
    begun = NOW - timedelta(seconds=ago)
    rolling = condition(
        ConditionType.SERVICE_DEPLOYED, ConditionStatus.FALSE, Reason.ROLLING_OUT, since=begun
    )
    assert requeue(adapters(), (*NOT_READY, rolling), [], RESYNC) == Result(requeue_after=seconds)


def test_what_an_event_will_tell_is_not_looked_at_before_the_poll() -> None:
    waiting = condition(
        ConditionType.TUNNEL_CONNECTED, ConditionStatus.FALSE, Reason.AGENTS_NOT_CONNECTED, since=NOW
    )
    assert requeue(adapters(), (waiting,), [], RESYNC) == Result(requeue_after=POLL)


def test_a_short_resync_period_is_kept() -> None:
    result = requeue(adapters(), INFORMING, [], 10)
    assert result.requeue_after is not None
    assert 9 <= result.requeue_after <= 11


def integration(**metadata: Any) -> AwsOidcIntegration:
    return AwsOidcIntegration.model_validate(
        {
            "apiVersion": "rds-enrollment.dev/v1alpha1",
            "kind": "AwsOidcIntegration",
            "metadata": {"name": "prod-aws", "namespace": "teleport", "generation": 4, **metadata},
            "spec": {"accountId": "123456789012", "role": {"name": "teleport-integration"}},
        }
    )


def test_a_status_says_which_generation_and_request_it_answers() -> None:
    resource = integration(annotations={"rds-enrollment.dev/reconcile-requested-at": "2025-06-01"})
    status = finished_status(
        resource,
        resource.status,
        {ConditionType.CREDENTIALS_VALID: Verdict.ok("a"), ConditionType.ROLE_READY: Verdict.ok("b")},
        [TRANSIENT],
        required=REQUIRED,
        adapters=adapters(),
    )
    assert status.observed_generation == 4
    assert status.last_handled_reconcile_at == "2025-06-01"
    assert {item.type: item.status.value for item in status.conditions} == {
        "CredentialsValid": "True",
        "RoleReady": "True",
        "Ready": "True",
    }
    assert {item.last_transition_time for item in status.conditions} == {NOW}


def test_the_first_terminal_outcome_stalls() -> None:
    resource = integration()
    other = Terminal(Reason.TELEPORT_CLUSTER_CHANGED, "other")
    status = finished_status(
        resource, resource.status, {}, [BLOCKED, TERMINAL, other], required=REQUIRED, adapters=adapters()
    )
    stalled = find_condition(status.conditions, ConditionType.STALLED)
    assert stalled is not None
    assert (stalled.reason, stalled.message) == ("InvalidSpec", "terminal")


async def published(before: Conditions, after: Conditions, *, changes: bool = True) -> list[tuple[str, ...]]:
    objects, events = ObjectsInMemory(changes), EventsInMemory()
    resource = integration()
    status = resource.status.model_copy(update={"conditions": after})
    await publish(adapters(objects, events), {"metadata": {}}, before, status)
    assert len(objects.written) == changes
    return events.told


async def test_the_status_is_written_in_the_words_of_the_api_without_what_is_unset() -> None:
    objects = ObjectsInMemory()
    status = integration().status.model_copy(update={"conditions": READY, "role_arn": "arn"})
    await publish(adapters(objects), {"metadata": {}}, (), status)
    assert objects.written == [
        {
            "roleArn": "arn",
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "Succeeded",
                    "message": "there",
                    "lastTransitionTime": "2025-06-01T11:00:00Z",
                    "observedGeneration": 1,
                }
            ],
        }
    ]


class ChangedMeanwhile(ObjectsInMemory):
    """Holds an object that is not any more as a pass has read it."""

    def __init__(self, now: dict[str, Any] | None) -> None:
        super().__init__()
        self.now = now

    async def get(self, *_: str) -> dict[str, Any] | None:
        return self.now

    async def write_status(self, obj: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        if self.now is None or obj["metadata"]["resourceVersion"] != self.now["metadata"]["resourceVersion"]:
            raise CONFLICT
        return await super().write_status(obj, status)


def stored(version: str, uid: str = "u", **more: Any) -> dict[str, Any]:
    metadata = {"namespace": "teleport", "name": "prod", "uid": uid, "resourceVersion": version}
    return {"kind": "AwsOidcIntegration", "metadata": metadata, **more}


async def test_what_a_pass_found_out_is_kept_when_the_spec_has_changed_meanwhile() -> None:
    objects = ChangedMeanwhile(stored("2", spec={"tags": {}}))
    status = integration().status.model_copy(update={"applied_tags": {"team": "shop"}})
    await publish(adapters(objects), stored("1", spec={"tags": {"team": "shop"}}), (), status)
    assert [item["appliedTags"] for item in objects.written] == [{"team": "shop"}]


@pytest.mark.parametrize(
    "now",
    [None, stored("2", uid="another"), stored("2", status={"observedGeneration": 7})],
    ids=["gone", "made anew", "somebody else's status"],
)
async def test_a_status_that_is_not_its_successor_is_left_alone(now: dict[str, Any] | None) -> None:
    objects = ChangedMeanwhile(now)
    with pytest.raises(Conflict):
        await publish(adapters(objects), stored("1"), (), integration().status)
    assert objects.written == []


async def test_a_status_that_says_nothing_new_costs_no_event() -> None:
    assert await published((), READY, changes=False) == []


_NO, _UNKNOWN = ConditionStatus.FALSE, ConditionStatus.UNKNOWN
_ROLE, _STALLED = ConditionType.ROLE_READY, ConditionType.STALLED


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (condition(ConditionType.READY), [("Normal", "Ready", "there", "Reconcile")]),
        (condition(_ROLE), [("Normal", "RoleReady", "there", "Reconcile")]),
        (
            condition(_ROLE, _NO, Reason.ACCESS_DENIED, "may not"),
            [("Warning", "AccessDenied", "RoleReady: may not", "Reconcile")],
        ),
        (
            condition(_ROLE, _NO, Reason.ROLLING_OUT, "1 of 2"),
            [("Normal", "RollingOut", "RoleReady: 1 of 2", "Reconcile")],
        ),
        (
            condition(_STALLED, reason=Reason.INVALID_SPEC, message="cannot be"),
            [("Warning", "InvalidSpec", "Stalled: cannot be", "Reconcile")],
        ),
        (condition(_ROLE, _UNKNOWN, Reason.AWS_THROTTLED), []),
        (condition(ConditionType.READY, _NO, Reason.ACCESS_DENIED), []),
        (condition(ConditionType.RECONCILING, reason=Reason.ROLLING_OUT), []),
    ],
)
async def test_what_changed_is_told_once(after: Condition, told: list[tuple[str, ...]]) -> None:
    assert await published((), (after,)) == told
    assert await published((after,), (after.model_copy(update={"message": "other words"}),)) == []


async def test_another_reason_is_news() -> None:
    before = condition(_ROLE, _NO, Reason.ACCESS_DENIED, "may not")
    after = condition(_ROLE, _NO, Reason.OWNED_BY_ANOTHER, "theirs")
    assert await published((before,), (after,)) == [
        ("Warning", "OwnedByAnother", "RoleReady: theirs", "Reconcile")
    ]
