"""What a workload acts on: all that a user can reach, past the gates."""

from dataclasses import dataclass

from hack.sandbox.aws.world import DemoWorld, World
from hack.sandbox.teleport.server import TeleportSandbox
from tests.chaos.masks import Mask
from tests.cluster.kubernetes_api import Namespace


@dataclass(frozen=True)
class Stage:
    """One Kubernetes namespace, AWS and Teleport, and what AWS held at first."""

    namespace: Namespace
    world: World
    teleport: TeleportSandbox
    demo: DemoWorld
    mask: Mask
    """Learns the names of what is added."""
