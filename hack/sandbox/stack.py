"""The whole sandbox: Kubernetes, AWS and Teleport on loopback, and the operator as a process among them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import World
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.teleport.server import TeleportSandbox

ROOT = Path(__file__).resolve().parents[2]
OPERATOR_NAMESPACE = "rds-enrollment"
OWNER_ID = "sandbox"
SERVICE_ACCOUNT = "rds-enrollment-operator"
NO_WAY_OUT = "http://127.0.0.1:9"
"""A proxy that is not there: the names that the simulated cluster publishes must not lead off this machine."""
NOWHERE = "127.0.0.1"
"""For names of AWS, which nothing in the simulated VPCs has."""
PROXY_ADDRESS = "203.0.113.20"
"""Where the VPCs find Teleport's proxy. No name that the simulated cluster publishes is asked of a real DNS."""
_FILES = ROOT / "charts" / "rds-enrollment-operator" / "files"
RULES = _FILES / "rules.yaml"
"""The rights that the chart ships: the operator of the sandbox has these and no others."""
LEASE_RULES = _FILES / "lease-rules.yaml"
"""Those in the namespace of its Lease."""
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs. The operator is not started yet."""

    plane: ControlPlane
    aws: AwsSandbox
    teleport: TeleportSandbox
    operator: OperatorProcess

    @property
    def world(self) -> World:
        """Builds in the AWS sandbox's default account."""
        return World(self.aws.url)


@contextmanager
def stack(plane: ControlPlane, aws: AwsSandbox, teleport: TeleportSandbox) -> Iterator[Stack]:
    """Install the operator's CRDs and rights into a control plane, and prepare its process.

    A task's container health check passes when its agent has joined the cluster.
    """
    check_health_by_connection(aws, teleport)
    teleport.assume_role = aws.assume_role
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="rds-enrollment-")))
        install(plane)
        kubeconfig = plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, SERVICE_ACCOUNT, folder / "operator.kubeconfig"
        )
        operator = OperatorProcess(
            operator_environment(aws.url, teleport, kubeconfig), folder / "operator.log"
        )
        cleanup.callback(operator.kill)
        yield Stack(plane, aws, teleport, operator)


def check_health_by_connection(aws: AwsSandbox, teleport: TeleportSandbox) -> None:
    """Let a container health check pass exactly while the task's agent is connected to the cluster."""
    aws.task_health = lambda task: task.task_arn in teleport.agents.joined


def install(plane: ControlPlane) -> None:
    """What `helm install` puts into a cluster, but for the pod."""
    plane.apply(ROOT / "crds")
    plane.run_kubectl("wait", "--for=condition=Established", f"--filename={ROOT / 'crds'}", "--timeout=30s")
    plane.apply(yaml.safe_dump_all(_rights()))


def operator_environment(aws_url: str, teleport: TeleportSandbox, kubeconfig: Path) -> dict[str, str]:
    """Settings of an operator in the sandbox: short waits, the sandbox's own credentials."""
    return {
        "KUBECONFIG": str(kubeconfig),
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": NO_WAY_OUT,
        "NO_PROXY": "127.0.0.1",
        "RDS_ENROLLMENT_TELEPORT_ADDRESS": teleport.address,
        "RDS_ENROLLMENT_TELEPORT_IDENTITY": str(teleport.identity_file),
        "RDS_ENROLLMENT_OWNER_ID": OWNER_ID,
        "RDS_ENROLLMENT_HOST_ADDRESSES": f"*.example.com={PROXY_ADDRESS},*.amazonaws.com={NOWHERE}",
        "RDS_ENROLLMENT_LEASE_NAMESPACE": OPERATOR_NAMESPACE,
        "RDS_ENROLLMENT_POLL_SECONDS": "0.2",
    }


def _rights() -> list[dict[str, object]]:
    metadata = {"name": SERVICE_ACCOUNT}
    namespaced = {**metadata, "namespace": OPERATOR_NAMESPACE}
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", **metadata}
    account = {"kind": "ServiceAccount", **namespaced}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPERATOR_NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": namespaced},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": yaml.safe_load(RULES.read_text()),
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [account],
        },
        *lease_rights(OPERATOR_NAMESPACE, account),
    ]


def lease_rights(namespace: str, subject: dict[str, str]) -> list[dict[str, object]]:
    """Role and binding for an operator whose Lease, of the default name, is in this namespace."""
    metadata = {"name": f"{SERVICE_ACCOUNT}-lease", "namespace": namespace}
    return [
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": yaml.safe_load(LEASE_RULES.read_text()),
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": metadata["name"]},
            "subjects": [subject],
        },
    ]
