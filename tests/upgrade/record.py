"""Records what an operator leaves behind: `python -m tests.upgrade.record FILE [OPERATOR]`.

OPERATOR is the source root of another one than this checkout's (its folder `operator`).
"""

import json
import sys
import tempfile
from pathlib import Path

from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT, check_health_by_connection, install
from tests.cluster.scene import REGION, new_scene
from tests.upgrade.snapshot import SPECS, TELEPORT_VERSION, record


def main(file: Path, operator: str | None) -> None:
    """Enrol the demo's databases, wait until all is done, and write down what there is."""
    with tempfile.TemporaryDirectory() as folder, ControlPlane() as plane:
        install(plane)
        kubeconfig = plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, SERVICE_ACCOUNT, Path(folder) / "kubeconfig"
        )
        with new_scene(plane, kubeconfig, Path(folder)) as scene:
            check_health_by_connection(scene.aws, scene.teleport)
            scene.teleport.version = TELEPORT_VERSION
            seeded = scene.world.demo_world(REGION)
            scene.start(**({"PYTHONPATH": operator} if operator else {}))
            scene.apply_examples(**SPECS)
            scene.wait_all_ready()
            scene.wait_idle()
            snapshot = record(scene, seeded)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(snapshot, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
