"""The operator under the policy that `rds-enrollment policy` prints for its manifests, and no other right in AWS."""

from collections.abc import Iterable

from hack.sandbox.aws.authorization import refusal
from hack.sandbox.aws.wire import AwsRequest, Reply
from tests.cluster.kubernetes_api import Object
from tests.cluster.permitted import policies
from tests.cluster.scene import Scene


def enforce(scene: Scene, manifests: Iterable[Object]) -> None:
    """From now on each call of the operator needs the policy for these manifests; raises what a wrong one does."""
    allowed = policies(manifests)

    def refuse(request: AwsRequest, account: str) -> Reply | None:
        return refusal(allowed[account], request, account)

    scene.aws.refuse = refuse
