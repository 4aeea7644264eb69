"""The one question of the model."""

from rds_enrollment.plan.network.question import Destination, Source
from rds_enrollment.plan.network.verdict import Verdict
from rds_enrollment.plan.observed.network import Vpc


def reach(vpc: Vpc, source: Source, destination: Destination) -> Verdict:
    """Whether a new TCP connection from `source` reaches `destination`, and its answers come back."""
    raise NotImplementedError
