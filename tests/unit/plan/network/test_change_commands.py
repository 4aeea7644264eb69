"""The AWS CLI lines that messages give are words for a shell: what AWS or a person calls a thing is one of them."""

import shlex

import pytest
from hypothesis import given
from rds_enrollment.api.databases import DatabaseKind
from rds_enrollment.plan.enrollment.candidates import RdsResource
from rds_enrollment.plan.enrollment.iam_authentication import enabling_command
from rds_enrollment.plan.network.changes import authorize_ingress
from rds_enrollment.plan.network.checks import enough_vcpus

from tests.unit.plan.hostile import NAMES, words_between


@given(group=NAMES, source=NAMES)
def test_a_group_is_one_word(group: str, source: str) -> None:
    words = shlex.split(authorize_ingress("us-west-1", group, 5432, source))
    assert words[words.index("--group-id") + 1] == group
    assert words[-1] == f"IpProtocol=tcp,FromPort=5432,ToPort=5432,UserIdGroupPairs=[{{GroupId={source}}}]"
    assert len(words) == 9


@given(region=NAMES)
def test_a_region_is_one_word(region: str) -> None:
    message = enough_vcpus(1, 2, 2048, region).message
    words = words_between(message, "resources.cpuUnits. Command: ")
    assert words[:3] == ["aws", "service-quotas", "request-service-quota-increase"]
    assert words[-4:] == ["--desired-value", "4", "--region", region]
    assert len(words) == 11


@pytest.mark.parametrize("kind", DatabaseKind)
@given(identifier=NAMES, region=NAMES)
def test_an_identifier_is_one_word(kind: DatabaseKind, identifier: str, region: str) -> None:
    resource = RdsResource(
        region=region, account="123456789012", kind=kind, identifier=identifier, resource_id="db-X"
    )
    words = shlex.split(enabling_command(resource))
    assert words[4] == identifier
    assert words[5:] == [
        "--enable-iam-database-authentication",
        "--apply-immediately",
        "--region",
        region,
    ]
