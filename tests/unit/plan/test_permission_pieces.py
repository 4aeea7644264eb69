"""A policy that is longer than IAM takes, in pieces."""

import json

from hypothesis import given
from hypothesis import strategies as st
from rds_enrollment.plan.permissions.evaluation import grants
from rds_enrollment.plan.permissions.pieces import pieces

IAMS_LIMIT = 6144
ARN = "arn:aws:ecs:eu-central-1:123456789012:service/example_teleport_sh-teleport/database-service-{}"


def statement(number: int, resources: int) -> dict[str, object]:
    """One about so many services, each with a name of its own."""
    arns = [ARN.format(f"{number}-{index}") for index in range(resources)]
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}
    actions = ["ecs:DeleteService", "ecs:UpdateService"]
    return {
        "Sid": f"S{number}",
        "Effect": "Allow",
        "Action": actions,
        "Resource": arns,
        "Condition": condition,
    }


@given(st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_each_fits_and_together_they_allow_the_same(sizes: list[int]) -> None:
    whole = {"Version": "2012-10-17", "Statement": [statement(*item) for item in enumerate(sizes)]}
    found = pieces(whole)
    assert all(len(json.dumps(piece, separators=(",", ":"))) <= IAMS_LIMIT for piece in found)
    assert grants(found) == grants([whole])
    assert all(piece["Version"] == whole["Version"] for piece in found)
    for piece in found:
        assert all(item["Condition"] == statement(0, 1)["Condition"] for item in piece["Statement"])
        sids = [item["Sid"] for item in piece["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isalnum() for sid in sids)


def test_a_short_one_stays_whole() -> None:
    whole = {"Version": "2012-10-17", "Statement": [statement(0, 3), statement(1, 1)]}
    assert pieces(whole) == (whole,)
