"""The end of an integration: it waits for its dependents, and leaves what others need."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.integration.release import release
from rds_enrollment.plan.integration.teardown import teardown
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.outcome import Transient
from rds_enrollment.plan.part import Part, all_done, steps_of
from rds_enrollment.plan.steps.iam import (
    DeleteIdentityProvider,
    DeleteRole,
    DeleteRolePolicy,
    UntagIdentityProvider,
    UntagRole,
)
from rds_enrollment.plan.steps.teleport import DeleteIntegration, DisownIntegration

from tests.unit.plan.integration.build import (
    INTEGRATION,
    MARK,
    PROVIDER,
    PROVIDER_ARN,
    ROLE,
    TELEPORT_TAGS,
    WANTED,
    world,
)

PROVIDER_READY = ConditionType.IDENTITY_PROVIDER_READY
ROLE_READY = ConditionType.ROLE_READY
REGISTERED = ConditionType.INTEGRATION_REGISTERED
UNREAD = Unseen(Transient(Reason.KUBERNETES_UNAVAILABLE, "503"))
NO_INTEGRATION: dict[str, Any] = {"integration": None}
NO_ROLE: dict[str, Any] = {**NO_INTEGRATION, "role": None}


def ended(seen: IntegrationWorld) -> tuple[Part, ...]:
    return teardown(WANTED, seen)


@pytest.mark.parametrize(
    ("seen", "steps"),
    [
        (world(), (DeleteIntegration(condition=REGISTERED, integration="prod-aws", owner=MARK),)),
        (
            world(**NO_INTEGRATION),
            (
                DeleteRolePolicy(condition=ROLE_READY, role="teleport-integration", policy="DeployService"),
                DeleteRolePolicy(condition=ROLE_READY, role="teleport-integration", policy="ListDatabases"),
                DeleteRole(condition=ROLE_READY, role="teleport-integration"),
            ),
        ),
        (world(**NO_ROLE), (DeleteIdentityProvider(condition=PROVIDER_READY, arn=PROVIDER_ARN),)),
    ],
)
def test_one_thing_after_the_other(seen: IntegrationWorld, steps: tuple[object, ...]) -> None:
    parts = ended(seen)
    assert steps_of(parts) == steps
    assert [part.done for part in parts] == [*[True] * (len(parts) - 1), False]


def test_dependents_go_first() -> None:
    dependents = ("DatabaseServiceDeployment teleport/main", "RdsEnrollment teleport/all")
    (part,) = ended(world(dependents=dependents))
    assert (part.steps, part.done, part.verdict.reason) == ((), False, Reason.IN_USE)
    assert part.verdict.message == (
        "Still referred to by DatabaseServiceDeployment teleport/main, RdsEnrollment teleport/all. "
        "Delete them first."
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"provider": None},
        {"provider_shared": True},
        {"provider": replace(PROVIDER, tags={}), "provider_shared": UNREAD},
        {"provider": replace(PROVIDER, tags=TELEPORT_TAGS)},
        {"provider": replace(PROVIDER, tags={"rds-enrollment.dev/owner": "cluster-b"})},
    ],
)
def test_a_provider_that_is_gone_used_or_foreign_ends_it(fields: dict[str, Any]) -> None:
    parts = ended(world(**{**NO_ROLE, **fields}))
    assert steps_of(parts) == ()
    assert [part.condition for part in parts] == [REGISTERED, ROLE_READY, PROVIDER_READY]
    assert all_done(parts, {})


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS, {"rds-enrollment.dev/owner": "cluster-b/awsoidc/x/y"}])
def test_what_is_not_ours_stays(tags: dict[str, str]) -> None:
    seen = world(
        provider=replace(PROVIDER, tags=tags),
        role=replace(ROLE, tags=tags),
        integration=replace(INTEGRATION, labels=tags),
    )
    assert steps_of(ended(seen)) == ()
    assert all_done(ended(seen), {})


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({"dependents": UNREAD}, REGISTERED),
        ({"integration": UNREAD}, REGISTERED),
        ({**NO_INTEGRATION, "role": UNREAD}, ROLE_READY),
        ({**NO_ROLE, "provider": UNREAD}, PROVIDER_READY),
        ({**NO_ROLE, "provider_shared": UNREAD}, PROVIDER_READY),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_gone(fields: dict[str, Any], condition: ConditionType) -> None:
    parts = ended(world(**fields))
    assert steps_of(parts) == ()
    assert (parts[-1].condition, parts[-1].outcome) == (condition, UNREAD.outcome)
    assert not all_done(parts, {})


def test_a_provider_that_a_role_in_aws_still_trusts_stays() -> None:
    others = "arn:aws:iam::123456789012:role/wizard"
    parts = ended(world(**NO_ROLE, provider_users=(others,)))
    assert steps_of(parts) == ()
    assert all(part.done for part in parts)
    assert others in parts[-1].verdict.message


def test_former_roles_go_with_the_last_one() -> None:
    former = replace(ROLE, name="former", policies={})
    foreign = replace(ROLE, name="foreign", tags={})
    parts = ended(world(**NO_INTEGRATION, role=None, former_roles=(former, foreign)))
    assert steps_of(parts) == (DeleteRole(condition=ROLE_READY, role="former"),)


def test_an_observed_provider_stays() -> None:
    parts = teardown(replace(WANTED, manages_provider=False), world(**NO_ROLE))
    assert steps_of(parts) == ()
    assert all(part.done for part in parts)


def test_a_retained_integration_loses_its_marks_and_nothing_else() -> None:
    mark = ("rds-enrollment.dev/owner",)
    former = replace(ROLE, name="former")
    assert steps_of(release(WANTED, world(former_roles=(former,)))) == (
        DisownIntegration(condition=REGISTERED, object_name="prod-aws", owner=MARK),
        UntagRole(condition=ROLE_READY, resource="teleport-integration", keys=mark),
        UntagRole(condition=ROLE_READY, resource="former", keys=mark),
        UntagIdentityProvider(condition=PROVIDER_READY, resource=PROVIDER_ARN, keys=mark),
    )
    unmarked = world(
        integration=replace(INTEGRATION, labels={}),
        role=replace(ROLE, tags=TELEPORT_TAGS),
        provider=replace(PROVIDER, tags=TELEPORT_TAGS),
    )
    parts = release(WANTED, unmarked)
    assert steps_of(parts) == ()
    assert all_done(parts, {})


def test_what_others_share_keeps_its_mark_and_dependents_go_first_all_the_same() -> None:
    (*_, provider) = release(WANTED, world(provider_shared=True))
    assert (provider.steps, provider.done) == ((), True)
    (part,) = release(WANTED, world(dependents=("RdsEnrollment teleport/all",)))
    assert part.verdict.reason is Reason.IN_USE
