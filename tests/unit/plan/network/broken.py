"""What a row of the tables of broken worlds is: the healthy VPC with edits, a question, and the culprit."""

from dataclasses import dataclass, replace

from rds_enrollment.plan.network.question import Destination, Source
from rds_enrollment.plan.network.verdict import BlockerKind as Kind

from tests.unit.plan.network.dsl import Edit


@dataclass(frozen=True)
class Broken:
    """`wizard` marks what the RDS enrolment wizard's own troubleshooting describes."""

    name: str
    edits: tuple[Edit, ...]
    source: Source
    destination: Destination
    kind: Kind
    culprit: str
    wizard: bool = False

    def __str__(self) -> str:
        return self.name


def wizard(world: Broken) -> Broken:
    return replace(world, wizard=True)
