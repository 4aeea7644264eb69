"""The gate before Kubernetes: a reverse proxy between the operator and the API server.

Clients speak plain HTTP to it on loopback and send their bearer token as to the API server itself. A kubeconfig for
it is `ControlPlane.service_account_kubeconfig(..., server=gate.url)`.
"""

from hack.sandbox.kubernetes_gate.server import KubernetesGate

__all__ = ["KubernetesGate"]
