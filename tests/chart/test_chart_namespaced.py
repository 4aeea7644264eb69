"""An operator that may do nothing cluster-wide: Roles in the namespaces that it serves."""

from pathlib import Path

import pytest

from hack.sandbox.controlplane import ControlPlane
from tests.chart.release import Release
from tests.cluster.scene import REGION, new_scene

pytestmark = pytest.mark.slow


def test_roles_in_its_namespaces_are_enough(
    control_plane: ControlPlane, release: Release, operator_kubeconfig: Path, tmp_path: Path
) -> None:
    narrow = Release(release.helm, name="narrow")
    with new_scene(control_plane, operator_kubeconfig, tmp_path) as scene:
        serve = f"--set=watchNamespaces={{{scene.namespace.name}}}"
        narrow.install("namespaced-without-cluster-objects", serve)
        try:
            kubeconfig = control_plane.service_account_kubeconfig(
                narrow.namespace, narrow.service_account, tmp_path / "narrow.kubeconfig"
            )
            scene.world.demo_world(REGION)
            scene.start(KUBECONFIG=str(kubeconfig), **narrow.lease)
            scene.apply_examples()
            scene.wait_all_ready()
        finally:
            narrow.uninstall()
