"""Rules that hold from every world that passes, crashes, drift and strangers can lead to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.plan.foresight import foresee
from rds_enrollment.plan.integration.foresight import assume
from rds_enrollment.plan.integration.plan import plan
from rds_enrollment.plan.integration.teardown import teardown
from rds_enrollment.plan.integration.wanted import WantedIntegration
from rds_enrollment.plan.integration.world import IntegrationWorld
from rds_enrollment.plan.observed.aws import IdentityProvider, Role
from rds_enrollment.plan.part import Part, all_done, steps_of
from rds_enrollment.plan.steps import Step
from rds_enrollment.plan.steps import iam as steps
from rds_enrollment.plan.steps.teleport import CreateIntegration, DeleteIntegration, UpdateIntegration

from tests.unit.plan.integration.build import (
    CONVERGED,
    INTEGRATION,
    MARK,
    PROVIDER,
    PROVIDER_ARN,
    ROLE,
    ROLE_ARN,
    TELEPORT_TAGS,
    WANTED,
)

OWNER = "rds-enrollment.dev/owner"
OURS = (MARK, "cluster-a")
ROUNDS = 8
MORE_ROLES = replace(WANTED, task_roles=frozenset({"TeleportDatabaseAccess-*", "agents"}))
VARIANTS = (WANTED, MORE_ROLES)


@dataclass
class Account:
    """IAM and Teleport in memory. A write to what does not carry our mark, or that they refuse, is a mistake."""

    things: dict[str, Any]
    shared: bool = False
    written: list[Step] = field(default_factory=list)

    def observe(self) -> IntegrationWorld:
        return replace(CONVERGED, **self.things, provider_shared=self.shared)

    def apply(self, step: Step) -> None:
        self.written.append(step)
        match step:
            case steps.CreateIdentityProvider():
                url = step.url.removeprefix("https://")
                made = IdentityProvider(
                    PROVIDER_ARN, url, frozenset(step.audiences), step.tags, step.thumbprints
                )
                self._create("provider", made)
            case steps.CreateRole():
                self._create("role", Role(step.role, ROLE_ARN, "/", step.trust, step.tags, {}))
            case CreateIntegration():
                self._create("integration", step.integration)
            case steps.UpdateThumbprints():
                self.things["provider"] = replace(self._own("provider"), thumbprints=step.thumbprints)
            case UpdateIntegration():
                self._own("integration")
                self.things["integration"] = step.integration
            case steps.UpdateRoleTrust():
                self.things["role"] = replace(self._own("role"), trust=step.trust)
            case steps.PutRolePolicy():
                self._set_policies({**self._own("role").policies, step.policy: step.document})
            case _:
                self._delete(step)

    def _delete(self, step: Step) -> None:
        match step:
            case steps.DeleteRolePolicy():
                kept = dict(self._own("role").policies)
                del kept[step.policy]
                self._set_policies(kept)
            case steps.DeleteRole():
                assert not self._own("role").policies
                self.things["role"] = None
            case DeleteIntegration():
                self._own("integration")
                self.things["integration"] = None
            case steps.DeleteIdentityProvider():
                self._own("provider")
                assert not self.shared
                self.things["provider"] = None
            case _:
                raise TypeError(f"{step.name} is no write of an integration")

    def _create(self, name: str, made: object) -> None:
        assert self.things[name] is None
        self.things[name] = made

    def _set_policies(self, policies: Mapping[str, Any]) -> None:
        self.things["role"] = replace(self.things["role"], policies=policies)

    def _own(self, name: str) -> Any:
        thing = self.things[name]
        assert thing is not None
        assert _mark(thing) in OURS, f"a write to what is another's: {thing}"
        return thing


def _mark(thing: Any) -> str | None:
    carried = thing.labels if hasattr(thing, "labels") else thing.tags
    mark = carried.get(OWNER)
    assert mark is None or isinstance(mark, str)
    return mark


def run(
    account: Account, planner: Callable[[IntegrationWorld], Sequence[Part]], writes: int = 99
) -> Sequence[Part]:
    """Passes until nothing is left, or until the process dies after `writes`."""
    for _ in range(ROUNDS):
        parts = planner(account.observe())
        if not steps_of(parts):
            return parts
        for step in steps_of(parts):
            if writes == 0:
                return parts
            writes -= 1
            account.apply(step)
    raise AssertionError(f"still writing after {ROUNDS} passes")


# What each thing may be found as: absent, ours as wanted or drifted, another's.
providers = st.sampled_from(
    [
        None,
        PROVIDER,
        replace(PROVIDER, thumbprints=("f" * 40,)),
        replace(PROVIDER, tags={}),
        replace(PROVIDER, tags={OWNER: "cluster-b"}, thumbprints=("f" * 40,)),
    ]
)
roles = st.sampled_from(
    [
        None,
        ROLE,
        replace(ROLE, policies={}),
        replace(ROLE, trust={"Version": "2012-10-17", "Statement": []}),
        replace(ROLE, tags={}, policies={}),
        replace(ROLE, tags=TELEPORT_TAGS, trust={}),
        replace(ROLE, tags={OWNER: "cluster-b/awsoidc/teleport/prod-aws"}),
    ]
)
integrations = st.sampled_from(
    [
        None,
        INTEGRATION,
        replace(INTEGRATION, role_arn="arn:aws:iam::123456789012:role/other"),
        replace(INTEGRATION, labels={}),
        replace(INTEGRATION, sub_kind="github", role_arn="", labels={}),
    ]
)
cuts = st.lists(st.tuples(st.booleans(), st.sampled_from(VARIANTS), st.integers(0, 6)), max_size=4)


@st.composite
def accounts(draw: st.DrawFn) -> tuple[Account, dict[str, Any]]:
    """An account after some passes were cut short, and what was there of others at first."""
    things = {"provider": draw(providers), "role": draw(roles), "integration": draw(integrations)}
    foreign = {name: thing for name, thing in things.items() if thing and _mark(thing) not in OURS}
    account = Account(dict(things), shared=draw(st.booleans()))
    for planned, wanted, writes in draw(cuts):
        run(account, wish(wanted) if planned else end(wanted), writes)
    return account, foreign


def wish(wanted: WantedIntegration) -> Callable[[IntegrationWorld], Sequence[Part]]:
    return lambda world: plan(wanted, world)


def end(wanted: WantedIntegration) -> Callable[[IntegrationWorld], Sequence[Part]]:
    return lambda world: teardown(wanted, world)


@settings(deadline=None)
@given(found=accounts(), wanted=st.sampled_from(VARIANTS))
def test_it_converges_unless_a_name_is_taken(
    found: tuple[Account, dict[str, Any]], wanted: WantedIntegration
) -> None:
    account, foreign = found
    parts = run(account, wish(wanted))
    assert all_done(parts, {}) == (not foreign.keys() & {"role", "integration"})
    assert steps_of(plan(wanted, account.observe())) == ()


@settings(deadline=None)
@given(found=accounts(), wanted=st.sampled_from(VARIANTS))
def test_a_teardown_leaves_nothing_of_ours_and_all_of_others(
    found: tuple[Account, dict[str, Any]], wanted: WantedIntegration
) -> None:
    account, foreign = found
    run(account, wish(wanted))
    assert all_done(run(account, end(wanted)), {})
    left = {name: thing for name, thing in account.things.items() if thing is not None}
    ours = {name for name, thing in left.items() if _mark(thing) in OURS}
    assert ours == ({"provider"} - foreign.keys() if account.shared else set())
    assert {name: thing for name, thing in left.items() if name not in ours} == foreign


@settings(deadline=None)
@given(found=accounts(), wanted=st.sampled_from(VARIANTS))
def test_what_is_foreseen_is_what_is_written(
    found: tuple[Account, dict[str, Any]], wanted: WantedIntegration
) -> None:
    account, _ = found
    expected = foresee(account.observe(), wish(wanted), lambda world, step: assume(wanted, world, step))
    before = len(account.written)
    run(account, wish(wanted))
    assert sorted(step.words for step in account.written[before:]) == sorted(step.words for step in expected)


@settings(deadline=None)
@given(found=accounts(), wanted=st.sampled_from(VARIANTS))
def test_a_plan_deletes_nothing(found: tuple[Account, dict[str, Any]], wanted: WantedIntegration) -> None:
    account, _ = found
    before = len(account.written)
    run(account, wish(wanted))
    assert [step.name for step in account.written[before:] if step.name.startswith("Delete")] == []
