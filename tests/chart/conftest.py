"""What the tests of the chart share: a control plane of their own, because Helm owns the CRDs in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.helm import Helm, locate
from tests.chart.release import Release


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """One control plane for the session of a test worker."""
    with ControlPlane() as plane:
        yield plane


@pytest.fixture(scope="session")
def helm(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm as the administrator of the control plane."""
    return Helm(locate(), tmp_path_factory.mktemp("helm"), control_plane.admin_kubeconfig)


@pytest.fixture(scope="module")
def release(helm: Helm) -> Iterator[Release]:
    """The chart, installed with the least values. Its CRDs are kept: the next module's release takes them over."""
    release = Release(helm)
    release.install("minimal")
    yield release
    release.uninstall()


@pytest.fixture(scope="module")
def operator_kubeconfig(
    control_plane: ControlPlane, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A token of the ServiceAccount that the chart made."""
    folder = tmp_path_factory.mktemp("operator")
    return control_plane.service_account_kubeconfig(
        release.namespace, release.service_account, folder / "kubeconfig"
    )
