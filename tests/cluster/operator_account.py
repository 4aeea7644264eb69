"""The operator's ServiceAccount with exactly the rights that the chart ships, and a kubeconfig of its own."""

from pathlib import Path
from uuid import uuid4

import yaml
from rds_enrollment.api.common import GROUP
from rds_enrollment.api.kinds import KINDS

from hack.sandbox.controlplane import ControlPlane

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "charts" / "rds-enrollment-operator" / "files" / "rules.yaml"


def install_kinds(plane: ControlPlane) -> None:
    """Apply the CRDs and wait until they are served."""
    plane.apply(ROOT / "crds")
    names = [f"crd/{kind.plural}.{GROUP}" for kind in KINDS.values()]
    plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)


def operator_kubeconfig(plane: ControlPlane, folder: Path) -> Path:
    """Create namespace, ServiceAccount, ClusterRole and binding under a fresh name; returns the kubeconfig."""
    name = f"operator-{uuid4().hex[:8]}"
    rbac = "rbac.authorization.k8s.io"
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": name}},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": yaml.safe_load(RULES.read_text()),
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": name}],
        },
    ]
    plane.apply(yaml.safe_dump_all(documents))
    return plane.service_account_kubeconfig(name, name, folder / f"{name}.kubeconfig")
