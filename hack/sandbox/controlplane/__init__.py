"""A real Kubernetes API server on one machine: etcd, kube-apiserver and two of Kubernetes' controllers.

It needs neither root nor containers, and leaves nothing behind but a cache of the binaries.
"""

from hack.sandbox.controlplane.errors import ControlPlaneError
from hack.sandbox.controlplane.plane import ControlPlane

__all__ = ["ControlPlane", "ControlPlaneError"]
