"""What the whole run has to show."""

import os

import pytest
from rds_enrollment.plan.permissions.table import NEEDS

from tests.recorded_calls import FOLDER, RecordedCalls


def pytest_configure(config: pytest.Config) -> None:
    if FOLDER not in os.environ:
        config.pluginmanager.register(RecordedCalls(NEEDS, config))
