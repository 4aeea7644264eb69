"""Which version the agents have: the cluster's, a pinned one, Teleport's own choice, never a lower major unasked."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.agents import AgentSpec, Resources, VersionChoice, VersionPolicy
from rds_enrollment.api.conditions import ConditionStatus
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.deployment.plan import plan
from rds_enrollment.plan.deployment.service import service_part
from rds_enrollment.plan.deployment.version import agent_version, target_version
from rds_enrollment.plan.deployment.wanted import WantedDeployment
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.outcome import Blocked
from rds_enrollment.plan.part import steps_of
from rds_enrollment.plan.steps.ecs import RegisterTaskDefinition
from rds_enrollment.plan.task_definition import with_image

from tests.unit.plan.deployment.build import (
    TELEPORT_TAGS,
    WANTED,
    service,
    task_definition,
    world,
)

PINNED = replace(
    WANTED, agents=AgentSpec(version=VersionChoice(policy=VersionPolicy.PINNED, pinned="18.0.0"))
)


def wanted(cluster: str, agents: str = "", of: WantedDeployment = WANTED) -> WantedDeployment:
    """With the cluster at a version, that gives one to its agents."""
    there = replace(of.scope.cluster, version=cluster, agent_version=agents)
    return replace(of, scope=replace(of.scope, cluster=there))


def served(version: str, **fields: Any) -> DeploymentWorld:
    """A service of ours runs agents of a version."""
    revision = task_definition(version=version, **fields)
    return world(serving=revision, newest=revision)


def service_of(of: WantedDeployment, seen: DeploymentWorld) -> Any:
    return service_part(of, seen, role_ready=True, network_ready=True, attempts=1)


@pytest.mark.parametrize(
    ("cluster", "agents", "target"),
    [
        ("18.1.0", "", "18.1.0"),
        ("18.1.0", "18.0.5", "18.0.5"),
        ("18.1.0", "18.2.0", "18.1.0"),
        ("18.1.0", "19.0.0", "18.1.0"),
        ("18.1.0", "stable", "18.1.0"),
    ],
)
def test_the_target_is_never_above_the_cluster(cluster: str, agents: str, target: str) -> None:
    assert target_version(wanted(cluster, agents).scope.cluster) == target
    first = agent_version(wanted(cluster, agents), world(service=None, serving=None))
    assert (first.version, first.reason) == (target, Reason.SUCCEEDED)


@pytest.mark.parametrize("serving", ["17.0.0", "18.0.0", "18.1.0", "latest"])
def test_agents_follow_the_cluster_up(serving: str) -> None:
    assert agent_version(wanted("18.1.0"), served(serving)).version == "18.1.0"


def test_agents_follow_a_target_that_went_back_below_the_cluster() -> None:
    assert agent_version(wanted("18.1.0", "18.0.5"), served("18.1.0")).version == "18.0.5"


def test_agents_stay_when_the_cluster_goes_back_within_a_major() -> None:
    seen = served("18.2.0")
    assert steps_of(plan(wanted("18.1.0"), seen)) == ()
    part = service_of(wanted("18.1.0"), seen)
    assert part.done
    assert (part.verdict.status, part.verdict.reason) == (
        ConditionStatus.TRUE,
        Reason.AGENT_NEWER_THAN_CLUSTER,
    )
    assert "stay at 18.2.0" in part.verdict.message


@pytest.mark.parametrize("confirmed", [None, "17.0.0", "true"])
def test_agents_do_not_go_back_a_major_unasked(confirmed: str | None) -> None:
    of = replace(wanted("17.7.1"), confirmed_downgrade=confirmed)
    assert steps_of(plan(of, served("18.0.0"))) == ()
    part = service_of(of, served("18.0.0"))
    assert part.verdict.reason is Reason.DOWNGRADE_NOT_CONFIRMED
    assert isinstance(part.outcome, Blocked)
    assert "rds-enrollment.dev/confirm-downgrade=17.7.1" in part.verdict.message


def test_agents_go_back_a_major_when_asked() -> None:
    of = replace(wanted("17.7.1"), confirmed_downgrade="17.7.1")
    assert agent_version(of, served("18.0.0")).version == "17.7.1"
    assert [step.name for step in steps_of(plan(of, served("18.0.0")))] == ["RegisterTaskDefinition"]


def test_an_unconfirmed_downgrade_stops_nothing_else() -> None:
    revision = task_definition(version="18.0.0")
    drifted = world(serving=revision, newest=revision, service=service(desired_count=1))
    assert [step.name for step in steps_of(plan(wanted("17.7.1"), drifted))] == ["UpdateService"]


@pytest.mark.parametrize("cluster", ["17.0.0", "18.0.0", "18.1.0", "19.0.0"])
def test_a_pinned_version_stays(cluster: str) -> None:
    assert steps_of(plan(wanted(cluster, of=PINNED), served("18.0.0"))) == ()
    assert agent_version(wanted(cluster, of=PINNED), served("18.2.0")).version == "18.0.0"


def test_what_teleports_updater_chose_is_accepted() -> None:
    seen = served("18.0.5", tags=TELEPORT_TAGS)
    assert steps_of(plan(wanted("18.1.0"), seen)) == ()
    part = service_of(wanted("18.1.0"), seen)
    assert part.done
    assert part.verdict.reason is Reason.UPDATED_BY_TELEPORT


def test_an_image_that_teleports_updater_chose_is_accepted() -> None:
    revision = task_definition(version="18.0.5", tags=TELEPORT_TAGS)
    image = "public.ecr.aws/gravitational/teleport-ent-distroless:18.0.5"
    chosen = replace(revision, body=with_image(revision.body, image))
    assert steps_of(plan(wanted("18.1.0"), world(serving=chosen, newest=chosen))) == ()


def test_teleports_updater_and_we_follow_the_same_target() -> None:
    seen = served("18.0.5", tags=TELEPORT_TAGS)
    assert agent_version(wanted("18.1.0", "18.0.7"), seen).version == "18.0.7"
    reached = agent_version(wanted("18.1.0", "18.0.5"), seen)
    assert (reached.version, reached.reason) == ("18.0.5", Reason.SUCCEEDED)
    assert steps_of(plan(wanted("18.1.0", "18.0.5"), seen)) == ()


def test_more_than_an_image_is_drift_whoever_registered_it() -> None:
    revision = task_definition(version="18.0.5", tags=TELEPORT_TAGS)
    bigger = replace(revision, body={**revision.body, "cpu": "4096", "memory": "8192"})
    steps = steps_of(plan(wanted("18.1.0"), world(serving=bigger, newest=bigger)))
    assert [step.name for step in steps] == ["RegisterTaskDefinition"]


def test_a_change_of_ours_keeps_the_version_that_teleports_updater_chose() -> None:
    """Else the revision would be ours, the version wanted the cluster's, and each rollout be followed by another."""
    bigger = replace(WANTED, agents=AgentSpec(resources=Resources(cpu_units=4096, memory_mib=8192)))
    (registration,) = steps_of(plan(wanted("18.1.0", of=bigger), served("18.0.5", tags=TELEPORT_TAGS)))
    assert isinstance(registration, RegisterTaskDefinition)
    assert registration.body["containerDefinitions"][0]["image"].endswith(":18.0.5")

    ours = task_definition(version="18.0.5", tags=registration.tags)
    ours = replace(ours, body=registration.body)
    seen = world(serving=ours, newest=ours)
    assert agent_version(wanted("18.1.0", of=bigger), seen).reason is Reason.UPDATED_BY_TELEPORT
    assert steps_of(plan(wanted("18.1.0", of=bigger), seen)) == ()
    # A version that the spec names ends it.
    assert agent_version(wanted("18.1.0", of=PINNED), seen).version == "18.0.0"


@pytest.mark.parametrize(("version", "told"), [("18.0.0", True), ("18.6.4", False)])
def test_the_message_says_what_running_promises(version: str, told: bool) -> None:
    revision = task_definition(version=version)
    if not told:
        (only,) = revision.body["containerDefinitions"]
        check = {
            "command": ["CMD", "teleport", "debug", "readyz"],
            "interval": 30,
            "timeout": 10,
            "retries": 10,
            "startPeriod": 60,
        }
        revision = replace(
            revision, body={**revision.body, "containerDefinitions": [{**only, "healthCheck": check}]}
        )
    part = service_of(wanted(version), world(serving=revision, newest=revision))
    assert part.done
    assert ("not for connected agents" in part.verdict.message) is told
