"""What every test against a real API server shares."""

from collections.abc import Iterator

import pytest

from hack.sandbox.controlplane import ControlPlane


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """One control plane for the session of a test worker; a test makes namespaces of its own in it."""
    with ControlPlane() as plane:
        yield plane
