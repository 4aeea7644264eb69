"""Which objects a watch event is worth a pass for."""

from collections.abc import Mapping
from typing import Any

from rds_enrollment.kubernetes.wakes import Wakes
from rds_enrollment.runtime.reconciler import Key

INTEGRATION = Key("AwsOidcIntegration", "teleport", "aws")
ENROLMENT = Key("RdsEnrollment", "teleport", "prod")
DEPLOYMENT = Key("DatabaseServiceDeployment", "teleport", "us-west-1-vpc-1")
NOTHING: Mapping[str, Any] = {}


def an_object(
    key: Key,
    *,
    generation: int = 1,
    ready: str = "",
    credentials: str = "",
    spec: Mapping[str, Any] = NOTHING,
    **metadata: Any,
) -> dict[str, Any]:
    statuses = {"CredentialsValid": credentials, "Ready": ready}
    conditions = [
        {"type": type_, "status": status, "reason": "R", "message": "m"}
        for type_, status in statuses.items()
        if status
    ]
    reference = {} if key.kind == "AwsOidcIntegration" else {"integrationRef": {"name": "aws"}}
    return {
        "metadata": {
            "namespace": key.namespace,
            "name": key.name,
            "uid": f"uid of {key.name}",
            "generation": generation,
            **metadata,
        },
        "spec": {**reference, **spec},
        "status": {"conditions": conditions},
    }


def delivered(wakes: Wakes, key: Key, **changes: Any) -> set[Key]:
    return set(wakes.keys(key.kind, an_object(key, **changes), deleted=False))


def gone(wakes: Wakes, key: Key, **changes: Any) -> set[Key]:
    return set(wakes.keys(key.kind, an_object(key, **changes), deleted=True))


def test_a_new_object_is_reconciled_and_the_echo_of_its_status_is_not() -> None:
    wakes = Wakes()
    assert ENROLMENT in delivered(wakes, ENROLMENT)
    assert ENROLMENT not in delivered(wakes, ENROLMENT, ready="True")


def test_what_a_user_can_change_wakes_the_object() -> None:
    wakes = Wakes()
    delivered(wakes, ENROLMENT)
    assert ENROLMENT in delivered(wakes, ENROLMENT, generation=2)
    assert ENROLMENT in delivered(wakes, ENROLMENT, generation=2, annotations={"a": "1"})
    going: dict[str, Any] = {"annotations": {"a": "1"}, "deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert ENROLMENT in delivered(wakes, ENROLMENT, generation=2, **going)
    assert ENROLMENT in gone(wakes, ENROLMENT, generation=2, **going)


def test_a_finalizer_of_ours_wakes_nobody() -> None:
    wakes = Wakes()
    delivered(wakes, ENROLMENT)
    assert delivered(wakes, ENROLMENT, finalizers=["rds-enrollment.dev/teardown"]) == set()


def test_an_object_made_anew_under_the_same_name_is_reconciled() -> None:
    wakes = Wakes()
    delivered(wakes, ENROLMENT)
    assert ENROLMENT in delivered(wakes, ENROLMENT, uid="another")


def test_a_deployment_that_becomes_ready_or_goes_wakes_the_enrolment_that_made_it() -> None:
    wakes = Wakes()
    owned: dict[str, Any] = {"ownerReferences": [{"kind": "RdsEnrollment", "name": "prod"}]}
    # Who has just made it knows of it.
    assert delivered(wakes, DEPLOYMENT, **owned) == {DEPLOYMENT}
    assert delivered(wakes, DEPLOYMENT, ready="False", **owned) == {ENROLMENT}
    assert ENROLMENT in delivered(wakes, DEPLOYMENT, ready="True", **owned)
    assert delivered(wakes, DEPLOYMENT, ready="True", **owned) == set()
    assert ENROLMENT in gone(wakes, DEPLOYMENT, **owned)
    assert ENROLMENT in delivered(wakes, DEPLOYMENT, ready="True", **owned)


def test_a_deployment_that_goes_before_it_reports_wakes_the_enrolment_that_made_it() -> None:
    wakes = Wakes()
    owned: dict[str, Any] = {"ownerReferences": [{"kind": "RdsEnrollment", "name": "prod"}]}
    delivered(wakes, DEPLOYMENT, **owned)
    assert ENROLMENT in gone(wakes, DEPLOYMENT, **owned)


def test_an_integration_that_appears_or_changes_wakes_those_that_refer_to_it() -> None:
    wakes = Wakes()
    delivered(wakes, ENROLMENT)
    delivered(wakes, DEPLOYMENT)
    assert delivered(wakes, INTEGRATION) == {INTEGRATION, ENROLMENT, DEPLOYMENT}
    assert delivered(wakes, INTEGRATION, generation=2) == {INTEGRATION, ENROLMENT, DEPLOYMENT}


def test_credentials_that_get_good_or_bad_wake_those_that_use_them_too() -> None:
    wakes = Wakes()
    delivered(wakes, INTEGRATION)
    delivered(wakes, ENROLMENT)
    delivered(wakes, DEPLOYMENT)
    assert delivered(wakes, INTEGRATION, credentials="False") == {ENROLMENT, DEPLOYMENT}
    assert delivered(wakes, INTEGRATION, credentials="True") == {ENROLMENT, DEPLOYMENT}


def test_an_integration_that_reports_at_first_that_all_is_well_tells_nobody_anything_new() -> None:
    """Those that refer to it had their pass when it appeared, and have tried its credentials by themselves."""
    wakes = Wakes()
    delivered(wakes, INTEGRATION)
    delivered(wakes, ENROLMENT)
    assert delivered(wakes, INTEGRATION, credentials="True") == set()
    assert delivered(wakes, INTEGRATION, credentials="True", ready="True") == set()


def test_an_integration_is_woken_by_the_roles_that_a_deployment_names() -> None:
    wakes = Wakes()
    roles = {"taskRole": {"name": "agents"}}
    assert delivered(wakes, DEPLOYMENT) == {DEPLOYMENT}
    assert delivered(wakes, DEPLOYMENT, generation=2, spec=roles) == {DEPLOYMENT, INTEGRATION}
    assert delivered(wakes, DEPLOYMENT, generation=3, spec=roles) == {DEPLOYMENT}
    assert delivered(wakes, DEPLOYMENT, generation=3, spec=roles, ready="True") == set()
    assert delivered(wakes, DEPLOYMENT, generation=4) == {DEPLOYMENT, INTEGRATION}


def test_an_integration_that_is_to_go_is_woken_by_everybody_that_it_waits_for() -> None:
    wakes = Wakes()
    assert delivered(wakes, ENROLMENT) == {ENROLMENT}
    delivered(wakes, INTEGRATION, deletionTimestamp="2026-01-01T00:00:00Z")
    assert delivered(wakes, DEPLOYMENT) == {DEPLOYMENT, INTEGRATION}
    assert delivered(wakes, ENROLMENT, generation=2) == {ENROLMENT, INTEGRATION}


def test_a_requested_pass_is_the_objects_own() -> None:
    wakes = Wakes()
    for key in (ENROLMENT, DEPLOYMENT, INTEGRATION):
        delivered(wakes, key)
    for key in (ENROLMENT, DEPLOYMENT, INTEGRATION):
        assert delivered(wakes, key, annotations={"rds-enrollment.dev/reconcile-requested-at": "1"}) == {key}


def test_the_last_that_refers_to_an_integration_wakes_it_when_it_goes() -> None:
    wakes = Wakes()
    delivered(wakes, ENROLMENT)
    assert gone(wakes, ENROLMENT) == {ENROLMENT, INTEGRATION}


def test_the_deployments_for_a_vpc_are_known_while_they_exist() -> None:
    wakes = Wakes()
    other = Key("DatabaseServiceDeployment", "teleport", "us-west-1-vpc-2")
    for key, vpc_id in ((DEPLOYMENT, "vpc-1"), (other, "vpc-2")):
        obj = an_object(key)
        obj["spec"] |= {"region": "us-west-1", "vpcId": vpc_id}
        wakes.keys(key.kind, obj, deleted=False)
    delivered(wakes, ENROLMENT)
    assert wakes.deployments_in("us-west-1", "vpc-1") == [DEPLOYMENT]
    assert wakes.deployments_in("eu-west-1", "vpc-1") == []
    gone(wakes, DEPLOYMENT)
    assert wakes.deployments_in("us-west-1", "vpc-1") == []


def test_each_object_belongs_to_its_integration() -> None:
    wakes = Wakes()
    assert wakes.integration_of(ENROLMENT) == ENROLMENT  # not known yet
    delivered(wakes, ENROLMENT)
    delivered(wakes, INTEGRATION)
    assert wakes.integration_of(ENROLMENT) == wakes.integration_of(INTEGRATION) == INTEGRATION
    gone(wakes, ENROLMENT)
    assert wakes.integration_of(ENROLMENT) == ENROLMENT
