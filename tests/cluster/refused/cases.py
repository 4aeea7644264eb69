"""Manifests that the API server refuses, what it says, and the nearest ones that it accepts."""

from collections.abc import Mapping

from tests.cluster.refused import common, deployment, enrollment, integration
from tests.cluster.refused.manifest import Case

CASES: Mapping[str, Case] = {**common.CASES, **integration.CASES, **enrollment.CASES, **deployment.CASES}
