"""The plan of one integration: each way its three things may stand."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegrationStatus
from rds_enrollment.api.common import AdoptionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.api.roles import IamRole, ManagementPolicy
from rds_enrollment.plan.foresight import foresee
from rds_enrollment.plan.integration.foresight import assume
from rds_enrollment.plan.integration.plan import REQUIRED, plan
from rds_enrollment.plan.integration.status import observed_status
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.teleport import IntegrationProof
from rds_enrollment.plan.outcome import Blocked, Transient
from rds_enrollment.plan.ownership import Adoption, FormerTags
from rds_enrollment.plan.part import Part, steps_of
from rds_enrollment.plan.steps.iam import (
    AddClientId,
    CreateIdentityProvider,
    CreateRole,
    PutRolePolicy,
    TagIdentityProvider,
    UntagIdentityProvider,
    UntagRole,
    UpdateThumbprints,
)
from rds_enrollment.plan.steps.teleport import CreateIntegration, UpdateIntegration

from tests.unit.plan.hostile import NAMES, words_between
from tests.unit.plan.integration.build import (
    INTEGRATION,
    MARK,
    PROVIDER,
    PROVIDER_ARN,
    ROLE,
    ROLE_ARN,
    SHARED_TAGS,
    TAGS,
    TELEPORT_TAGS,
    THUMBPRINT,
    TRUST,
    WANTED,
    world,
)
from tests.wizard_policies import DEPLOY_SERVICE, LIST_DATABASES

PROVIDER_READY = ConditionType.IDENTITY_PROVIDER_READY
ROLE_READY = ConditionType.ROLE_READY
REGISTERED = ConditionType.INTEGRATION_REGISTERED
UNREAD = Unseen(Transient(Reason.AWS_UNAVAILABLE, "503"))


def part(condition: ConditionType, seen: IntegrationWorld) -> Part:
    return next(item for item in plan(WANTED, seen) if item.condition is condition)


def test_ready_needs_all_four() -> None:
    assert set(REQUIRED) == {ConditionType.CREDENTIALS_VALID, PROVIDER_READY, ROLE_READY, REGISTERED}
    assert [item.condition for item in plan(WANTED, world())] == [PROVIDER_READY, ROLE_READY, REGISTERED]


def test_from_nothing() -> None:
    assert steps_of(plan(WANTED, world(provider=None, role=None, integration=None))) == (
        CreateIdentityProvider(
            condition=PROVIDER_READY,
            url="https://example.teleport.sh",
            audiences=("discover.teleport",),
            tags=SHARED_TAGS,
            thumbprints=(THUMBPRINT,),
        ),
        CreateRole(
            condition=ROLE_READY,
            role="teleport-integration",
            description="Used by Teleport to provide access to AWS resources.",
            trust=TRUST,
            tags=TAGS,
        ),
        PutRolePolicy(
            condition=ROLE_READY,
            role="teleport-integration",
            policy="ListDatabases",
            document=LIST_DATABASES,
        ),
        PutRolePolicy(
            condition=ROLE_READY,
            role="teleport-integration",
            policy="DeployService",
            document=DEPLOY_SERVICE,
        ),
    )


def test_as_wanted() -> None:
    parts = plan(WANTED, world())
    assert [item.done for item in parts] == [True, True, True]
    assert steps_of(parts) == ()


def test_users_tags_stand_beside_the_marks() -> None:
    wanted = replace(WANTED, user_tags={"team": "data", "teleport.dev/cluster": "forged"})
    assert wanted.tags == {"team": "data", **TAGS}
    assert wanted.shared_tags == {"team": "data", **SHARED_TAGS}
    assert wanted.provider_arn == PROVIDER_ARN


@pytest.mark.parametrize("tags", [{}, TELEPORT_TAGS, SHARED_TAGS])
def test_a_provider_is_used_whoever_made_it(tags: dict[str, str]) -> None:
    provider = replace(PROVIDER, tags=tags, audiences=frozenset({"discover.teleport", "sts.amazonaws.com"}))
    assert part(PROVIDER_READY, world(provider=provider)).done


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        (SHARED_TAGS, {"team": "data"}),
        ({**SHARED_TAGS, "team": "another integration's"}, {}),
        (TELEPORT_TAGS, {}),
        ({}, {}),
    ],
)
def test_tags_of_our_provider_are_added_and_never_changed(
    tags: dict[str, str], written: dict[str, str]
) -> None:
    wanted = replace(WANTED, user_tags={"team": "data"})
    (found, *_) = plan(wanted, world(provider=replace(PROVIDER, tags=tags)))
    tagging = TagIdentityProvider(condition=PROVIDER_READY, arn=PROVIDER_ARN, tags=written)
    assert found.steps == ((tagging,) if written else ())


def test_tags_that_are_not_wanted_any_more_go() -> None:
    former = FormerTags(own={"team": "data", "cost": "7"}, shared={"cost": "7"})
    wanted = replace(WANTED, former_tags=former)
    carried = {"team": "data", "cost": "7", "by": "hand"}
    provider, role = (
        replace(PROVIDER, tags={**SHARED_TAGS, **carried}),
        replace(ROLE, tags={**TAGS, **carried}),
    )
    steps = foresee(
        world(provider=provider, role=role),
        lambda seen: plan(wanted, seen),
        lambda seen, step: assume(wanted, seen, step),
    )
    assert steps == (
        UntagIdentityProvider(condition=PROVIDER_READY, resource=PROVIDER_ARN, keys=("cost",)),
        UntagRole(condition=ROLE_READY, resource=ROLE.name, keys=("cost", "team")),
    )
    theirs = replace(provider, tags={**TELEPORT_TAGS, **carried})
    assert plan(wanted, world(provider=theirs))[0].steps == ()


def test_a_provider_without_the_audience_is_told_and_not_changed() -> None:
    provider = replace(PROVIDER, audiences=frozenset({"sts.amazonaws.com"}), tags=TELEPORT_TAGS)
    found = part(PROVIDER_READY, world(provider=provider))
    assert (found.steps, found.verdict.reason) == ((), Reason.AUDIENCE_MISSING)
    assert isinstance(found.outcome, Blocked)
    assert (
        f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {PROVIDER_ARN} "
        "--client-id discover.teleport"
    ) in found.verdict.message


def test_our_provider_gets_the_audience_back() -> None:
    provider = replace(PROVIDER, audiences=frozenset({"sts.amazonaws.com"}))
    (step,) = part(PROVIDER_READY, world(provider=provider)).steps
    assert step == AddClientId(condition=PROVIDER_READY, arn=PROVIDER_ARN, client_id="discover.teleport")


ANOTHER = "f" * 40
UNREACHABLE = Unseen(Transient(Reason.TELEPORT_UNREACHABLE, "Teleport cannot be connected to"))


def test_a_thumbprint_that_could_not_be_seen_is_left_to_iam() -> None:
    (step, *_) = steps_of(plan(WANTED, world(provider=None, thumbprint=UNREACHABLE)))
    assert isinstance(step, CreateIdentityProvider)
    assert step.thumbprints == ()
    provider = replace(PROVIDER, thumbprints=(ANOTHER,))
    found = part(PROVIDER_READY, world(provider=provider, thumbprint=UNREACHABLE))
    assert found.done
    assert "thumbprint is not compared: Teleport cannot be connected to." in found.verdict.message


@pytest.mark.parametrize(
    ("thumbprints", "mended"),
    [
        ((THUMBPRINT,), False),
        ((THUMBPRINT.upper(),), False),
        ((ANOTHER, THUMBPRINT), False),
        ((), False),
        ((ANOTHER,), True),
        ((ANOTHER, ANOTHER[:-1] + "e"), True),
    ],
)
def test_our_provider_gets_the_thumbprint_of_what_teleport_serves(
    thumbprints: tuple[str, ...], mended: bool
) -> None:
    found = part(PROVIDER_READY, world(provider=replace(PROVIDER, thumbprints=thumbprints)))
    update = UpdateThumbprints(condition=PROVIDER_READY, arn=PROVIDER_ARN, thumbprints=(THUMBPRINT,))
    assert found.steps == ((update,) if mended else ())
    assert found.done != mended


@pytest.mark.parametrize(
    ("wanted", "tags"), [(WANTED, TELEPORT_TAGS), (replace(WANTED, manages_provider=False), SHARED_TAGS)]
)
def test_another_thumbprint_of_anothers_provider_is_told(
    wanted: WantedIntegration, tags: dict[str, str]
) -> None:
    theirs = tuple(f"{number:040x}" for number in range(5))
    (found, *_) = plan(wanted, world(provider=replace(PROVIDER, tags=tags, thumbprints=theirs)))
    assert (found.steps, found.done) == ((), True)
    assert (found.verdict.status, found.verdict.reason) == (ConditionStatus.TRUE, Reason.THUMBPRINT_DIFFERS)
    kept = " ".join((*theirs[:4], THUMBPRINT))
    assert f"--open-id-connect-provider-arn {PROVIDER_ARN} --thumbprint-list {kept}" in found.verdict.message


@given(name=NAMES)
def test_a_provider_is_one_word_of_the_command_that_adds_the_audience(name: str) -> None:
    theirs = replace(PROVIDER, arn=name, audiences=frozenset(), tags=TELEPORT_TAGS)
    message = part(PROVIDER_READY, world(provider=theirs)).verdict.message
    assert words_between(message, " Add it with: ") == [
        *("aws", "iam", "add-client-id-to-open-id-connect-provider"),
        *("--open-id-connect-provider-arn", name, "--client-id", "discover.teleport"),
    ]


@given(address=NAMES)
def test_an_issuer_is_one_word_of_the_command_that_makes_its_provider(address: str) -> None:
    scope = replace(WANTED.scope, cluster=replace(WANTED.scope.cluster, proxy_address=address))
    wanted = replace(WANTED, scope=scope, manages_provider=False)
    (absent, *_) = plan(wanted, world(provider=None))
    assert words_between(absent.verdict.message, " Create it with: ") == [
        *("aws", "iam", "create-open-id-connect-provider", "--url", f"https://{address}"),
        *("--client-id-list", "discover.teleport"),
    ]


@given(name=NAMES, thumbprint=NAMES)
def test_a_thumbprint_is_one_word_of_the_command_that_adds_another(name: str, thumbprint: str) -> None:
    theirs = replace(PROVIDER, arn=name, tags=TELEPORT_TAGS, thumbprints=(thumbprint,))
    message = part(PROVIDER_READY, world(provider=theirs)).verdict.message
    assert words_between(message, " Add it with: ") == [
        *("aws", "iam", "update-open-id-connect-provider-thumbprint", "--open-id-connect-provider-arn", name),
        *("--thumbprint-list", thumbprint, THUMBPRINT),
    ]


def test_an_observed_provider_is_neither_made_nor_mended() -> None:
    wanted = replace(WANTED, manages_provider=False)
    (absent, *_) = plan(wanted, world(provider=None))
    assert (absent.steps, absent.verdict.reason) == ((), Reason.IDENTITY_PROVIDER_NOT_FOUND)
    assert "--url https://example.teleport.sh --client-id-list discover.teleport" in absent.verdict.message
    (lacking, *_) = plan(wanted, world(provider=replace(PROVIDER, audiences=frozenset())))
    assert (lacking.steps, lacking.verdict.reason) == ((), Reason.AUDIENCE_MISSING)
    (used, *_) = plan(wanted, world())
    assert used.done


MOVED = replace(WANTED, role=IamRole(name="new", path="/teams/data/"))
NEW_ARN = "arn:aws:iam::123456789012:role/teams/data/new"
NEW_ROLE = replace(ROLE, name="new", arn=NEW_ARN, path="/teams/data/")


def test_a_new_role_takes_over_before_the_former_one_goes() -> None:
    old: dict[str, Any] = {"former_roles": (ROLE,), "integration": INTEGRATION, "proof": Unseen()}
    assert [step.name for step in steps_of(plan(MOVED, world(role=None, **old)))] == [
        "CreateRole",
        "PutRolePolicy",
        "PutRolePolicy",
    ]
    (step,) = steps_of(plan(MOVED, world(role=NEW_ROLE, **old)))
    named = replace(INTEGRATION, role_arn=NEW_ARN)
    assert step == UpdateIntegration(condition=REGISTERED, integration=named)
    unproven = {**old, "integration": named, "proof": IntegrationProof(refusal="AccessDenied")}
    assert steps_of(plan(MOVED, world(role=NEW_ROLE, **unproven))) == ()
    for proof in (IntegrationProof(account="123456789012"), None):
        proven = {**old, "integration": named, "proof": proof}
        assert [step.name for step in steps_of(plan(MOVED, world(role=NEW_ROLE, **proven)))] == [
            "DeleteRolePolicy",
            "DeleteRolePolicy",
            "DeleteRole",
        ]


def test_a_former_role_of_somebody_else_stays() -> None:
    foreign = replace(ROLE, tags={})
    named = replace(INTEGRATION, role_arn=NEW_ARN)
    parts = plan(MOVED, world(role=NEW_ROLE, former_roles=(foreign,), integration=named))
    assert steps_of(parts) == ()
    assert all(item.done for item in parts)


def test_an_integration_is_proven_by_teleport() -> None:
    assert "acted through it in account 123456789012" in part(REGISTERED, world()).verdict.message
    unasked = part(REGISTERED, world(proof=None))
    assert unasked.done
    assert "the verb use" in unasked.verdict.message
    elsewhere = part(REGISTERED, world(proof=IntegrationProof(account="999999999999")))
    assert elsewhere.verdict.reason is Reason.INTEGRATION_UNUSABLE
    assert "acts in account 999999999999" in elsewhere.verdict.message


def test_a_refusal_of_aws_may_be_iams_eventual_consistency_at_first() -> None:
    refused = world(proof=IntegrationProof(refusal="AccessDenied: not authorized"))
    (*_, first) = plan(WANTED, refused, attempts=1)
    assert (first.verdict.reason, first.verdict.soft) == (Reason.IAM_PROPAGATING, True)
    assert isinstance(first.outcome, Transient)
    (*_, later) = plan(WANTED, refused, attempts=6)
    assert later.verdict.reason is Reason.INTEGRATION_UNUSABLE
    assert "https://example.teleport.sh/.well-known/openid-configuration" in later.verdict.message


def test_an_observed_role_stands_where_its_owner_put_it() -> None:
    wanted = replace(WANTED, role=IamRole(name="new", management_policy=ManagementPolicy.OBSERVE))
    theirs = replace(NEW_ROLE, tags={})
    named = replace(INTEGRATION, role_arn=NEW_ARN)
    assert all(item.done for item in plan(wanted, world(role=theirs, integration=named)))


def test_an_integration_is_registered_once_its_role_is_there() -> None:
    found = part(REGISTERED, world(integration=None))
    assert found.steps == (CreateIntegration(condition=REGISTERED, integration=INTEGRATION),)
    for role in (None, replace(ROLE, policies={}), replace(ROLE, tags={}), UNREAD):
        held = part(REGISTERED, world(role=role, integration=None))
        assert (held.steps, held.outcome, held.verdict.reason) == ((), None, Reason.PENDING)


def test_an_integration_with_another_role_is_mended_once_the_role_is_there() -> None:
    drifted = replace(INTEGRATION, role_arn="arn:aws:iam::123456789012:role/other")
    found = part(REGISTERED, world(integration=drifted))
    assert found.steps == (UpdateIntegration(condition=REGISTERED, integration=INTEGRATION),)
    assert part(REGISTERED, world(integration=drifted, role=None)).verdict.reason is Reason.PENDING


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {}},
        {"labels": {"rds-enrollment.dev/owner": "cluster-b/awsoidc/teleport/prod-aws"}},
        {"sub_kind": "github", "role_arn": ""},
    ],
)
def test_a_foreign_integration_is_left_alone(change: dict[str, Any]) -> None:
    foreign = replace(INTEGRATION, **{"role_arn": "other", **change})
    found = part(REGISTERED, world(integration=foreign))
    assert (found.steps, found.verdict.reason) == ((), Reason.OWNED_BY_ANOTHER)
    assert isinstance(found.outcome, Blocked)
    assert "spec.integrationName" in found.verdict.message


@pytest.mark.parametrize(
    ("field", "condition"),
    [("provider", PROVIDER_READY), ("role", ROLE_READY), ("integration", REGISTERED)],
)
def test_unseen(field: str, condition: ConditionType) -> None:
    parts = plan(WANTED, world(**{field: UNREAD}))
    assert steps_of(parts) == ()
    assert [item.condition for item in parts if item.outcome is UNREAD.outcome] == [condition]
    assert not part(condition, world(**{field: UNREAD})).done


def test_status_tells_what_was_seen_and_keeps_what_was_not() -> None:
    seen = observed_status(AwsOidcIntegrationStatus(), WANTED, world())
    assert seen.model_dump(mode="json", by_alias=True, exclude_defaults=True) == {
        "teleportCluster": "example.teleport.sh",
        "integrationName": "prod-aws",
        "issuer": "https://example.teleport.sh",
        "identityProviderArn": PROVIDER_ARN,
        "roleArn": ROLE_ARN,
    }
    assert observed_status(seen, WANTED, IntegrationWorld()) == seen
    gone = observed_status(seen, WANTED, world(provider=None, role=None))
    assert (gone.identity_provider_arn, gone.role_arn) == (None, None)
    assert MARK not in gone.model_dump_json()


ADOPTING = replace(
    WANTED,
    adoption=Adoption(policy=AdoptionPolicy.IF_TAGGED, owner_id="cluster-a", teleport=TELEPORT_TAGS),
)


def test_the_wizards_integration_is_adopted_when_it_names_the_role() -> None:
    theirs = replace(INTEGRATION, labels={})
    (step,) = steps_of(plan(ADOPTING, world(integration=theirs)))
    assert step == UpdateIntegration(condition=REGISTERED, integration=INTEGRATION, former_owner="")
    for other in (
        replace(theirs, role_arn="arn:aws:iam::123456789012:role/other"),
        replace(theirs, labels={"rds-enrollment.dev/owner": "cluster-b/awsoidc/teleport/prod-aws"}),
        replace(theirs, sub_kind="github"),
    ):
        (*_, refused) = plan(ADOPTING, world(integration=other))
        assert (refused.steps, refused.verdict.reason) == ((), Reason.OWNED_BY_ANOTHER)


def test_the_wizards_provider_is_adopted_when_it_is_tagged() -> None:
    (provider, *_) = plan(ADOPTING, world(provider=replace(PROVIDER, tags=TELEPORT_TAGS)))
    mark = {"rds-enrollment.dev/owner": "cluster-a"}
    assert provider.steps == (TagIdentityProvider(condition=PROVIDER_READY, arn=PROVIDER_ARN, tags=mark),)
    for tags in ({}, {**TELEPORT_TAGS, "rds-enrollment.dev/owner": "cluster-b"}):
        assert steps_of(plan(ADOPTING, world(provider=replace(PROVIDER, tags=tags)))) == ()
