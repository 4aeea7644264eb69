"""The network model against a packet walk that shares no code with it: thousands of generated VPCs, one verdict.

NETWORK_ORACLE_VPCS asks for more VPCs than usual; a printed seed makes the same VPC and questions again.
"""

import os
from collections import Counter
from random import Random

import pytest
from rds_enrollment.plan.network.question import Destination, Source
from rds_enrollment.plan.network.reach import reach
from rds_enrollment.plan.observed.network import Vpc

from tests.unit.plan.network.oracle import worlds
from tests.unit.plan.network.oracle.ask import reaches
from tests.unit.plan.network.oracle.packets import UndocumentedError
from tests.unit.plan.network.oracle.shrink import describe, shrink

_VPCS = int(os.environ.get("NETWORK_ORACLE_VPCS", "2000"))
_QUESTIONS = 4
_SLICES = 10
_REASONS = {
    "IPv4 through an egress-only internet gateway",
    "IPv6 through a NAT gateway",
    "NAT gateway behind a NAT gateway",
    "NAT gateway not available",
    "blackhole route",
    "endpoint not available",
    "internet gateway not attached",
    "network ACL inbound",
    "network ACL outbound",
    "no IPv4 address",
    "no IPv6 address",
    "no public address",
    "no route",
    "peering not active",
    "peering not transitive",
    "private NAT gateway before an internet gateway",
    "private address on the internet",
    "public access blocked",
    "security group inbound",
    "security group not found",
    "security group outbound",
    "subnet not found",
    "transit gateway attachment not available",
    "transit gateway not in the zone",
}


@pytest.mark.parametrize("part", range(_SLICES))
def test_model_and_packet_walk_agree(part: int) -> None:
    for seed in range(part, _VPCS, _SLICES):
        vpc, asked = _case(seed)
        for source, destination in asked:
            if _disagreement(vpc, source, destination) is not None:
                pytest.fail(_report(seed, vpc, source, destination))


def test_generated_networks_are_worth_asking() -> None:
    """About half of the connections get through, and every reason to drop a packet comes up."""
    outcomes = Counter(
        _walked(vpc, source, destination)
        for vpc, asked in map(_case, range(800))
        for source, destination in asked
    )
    assert outcomes.pop(None, 0) < outcomes.total() / 100
    assert 0.4 < outcomes[""] / outcomes.total() < 0.6
    assert set(outcomes) == {"", *_REASONS}


def _case(seed: int) -> tuple[Vpc, list[tuple[Source, Destination]]]:
    rng = Random(seed)  # noqa: S311 - repeatable on purpose
    vpc = worlds.vpc(rng)
    return vpc, list(worlds.questions(rng, vpc, _QUESTIONS))


def _walked(vpc: Vpc, source: Source, destination: Destination) -> str | None:
    """None where AWS's documentation does not tell."""
    try:
        return reaches(vpc, source, destination)
    except UndocumentedError:
        return None


def _disagreement(vpc: Vpc, source: Source, destination: Destination) -> tuple[str, str] | None:
    """What the model and the packet walk say, unless it comes to the same."""
    walked = _walked(vpc, source, destination)
    blocker = reach(vpc, source, destination).blocker
    if walked is None or (blocker is None) == (walked == ""):
        return None
    return ("open" if blocker is None else f"{blocker.kind} {blocker.id}"), walked or "open"


def _report(seed: int, vpc: Vpc, source: Source, destination: Destination) -> str:
    found = _disagreement(vpc, source, destination)
    assert found is not None
    small = shrink(vpc, lambda smaller: _disagreement(smaller, source, destination) == found)
    return "\n".join(
        [
            f"seed {seed}: the model says {found[0]}, the packet walk says {found[1]}",
            f"  {source}",
            f"  {destination}",
            describe(small),
        ]
    )
