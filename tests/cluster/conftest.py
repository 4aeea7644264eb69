"""What every test against a real API server shares."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.sandbox.aws.rds_pages import RdsPages
from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT, install
from tests.cluster.scene import Scene, new_scene


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """One control plane for the session of a test worker; a test makes namespaces of its own in it."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CRDs and rights as the chart installs them; the operator's own ServiceAccount token."""
    install(control_plane)
    return control_plane.service_account_kubeconfig(
        OPERATOR_NAMESPACE, SERVICE_ACCOUNT, tmp_path_factory.mktemp("operator") / "kubeconfig"
    )


@pytest.fixture
def scene(control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path: Path) -> Iterator[Scene]:
    """An empty world for one test; the operator is not started."""
    with new_scene(control_plane, operator_kubeconfig, tmp_path) as fresh:
        yield fresh


@pytest.fixture
def seeded(scene: Scene) -> DemoWorld:
    """The demo's databases, enrolled: three objects Ready in `scene`."""
    return scene.enroll()


@pytest.fixture(scope="module")
def enrolled(
    control_plane: ControlPlane, operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, DemoWorld]]:
    """One enrolled world for the tests of a module that change nothing."""
    with new_scene(control_plane, operator_kubeconfig, tmp_path_factory.mktemp("enrolled")) as fresh:
        yield fresh, fresh.enroll()


@pytest.fixture
def pages() -> Iterator[RdsPages]:
    """An RDS that lists what a test writes into it."""
    with RdsPages() as listed:
        yield listed
