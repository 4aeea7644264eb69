"""Command lines of the control plane's processes."""

import socket
from contextlib import ExitStack
from pathlib import Path

from hack.sandbox.controlplane.binaries import Binaries
from hack.sandbox.controlplane.pki import Pki

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Different TCP ports that were free on loopback a moment ago; another process may still take one first."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind((LOOPBACK, 0))
        return [probe.getsockname()[1] for probe in sockets]


def etcd_command(binaries: Binaries, data: Path, client_port: int, peer_port: int) -> list[str]:
    """etcd for one API server; nothing is synced to the disk, since nothing has to survive the machine."""
    client, peer = f"http://{LOOPBACK}:{client_port}", f"http://{LOOPBACK}:{peer_port}"
    return [
        str(binaries.etcd),
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver_command(binaries: Binaries, pki: Pki, cert_dir: Path, port: int, etcd_port: int) -> list[str]:
    """kube-apiserver on loopback with RBAC, client certificates and ServiceAccount tokens."""
    return [
        str(binaries.kube_apiserver),
        f"--etcd-servers=http://{LOOPBACK}:{etcd_port}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--cert-dir={cert_dir}",
        f"--tls-cert-file={pki.server_cert}",
        f"--tls-private-key-file={pki.server_key}",
        f"--client-ca-file={pki.ca}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-signing-key-file={pki.token_private_key}",
        f"--service-account-key-file={pki.token_public_key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        # It would want a token controller, and there are no pods to mount a token into.
        "--disable-admission-plugins=ServiceAccount",
        # Off by default, on in OpenShift and hardened clusters: whoever sets an owner needs rights on it.
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
        # Otherwise the server publishes a loopback address as endpoint of the service `kubernetes`, and fails.
        "--endpoint-reconciler-type=none",
    ]


def controllers_command(binaries: Binaries, kubeconfig: Path) -> list[str]:
    """The garbage collector and the namespace controller."""
    return [str(binaries.kube_controllers), f"--kubeconfig={kubeconfig}"]
