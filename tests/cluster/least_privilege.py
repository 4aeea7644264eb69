"""The operator under the policy that `rds-enrollment policy` prints for its manifests, and no other right in AWS."""

from collections.abc import Iterable, Mapping
from typing import Any

from rds_enrollment.api.kinds import KINDS
from rds_enrollment.cli.permissions import Identity, permissions

from hack.sandbox.aws.authorization import refusal
from hack.sandbox.aws.calls import Refusal
from hack.sandbox.aws.wire import AwsRequest, Reply
from tests.cluster.kubernetes_api import Object
from tests.cluster.scene import OWNER_ID, Scene

TELEPORT = {"teleport_cluster": "example.teleport.sh", "proxy": "teleport.example.com", "owner_id": OWNER_ID}


def enforce(scene: Scene, manifests: Iterable[Object]) -> None:
    """From now on each call of the operator needs the policy for these manifests; raises what a wrong one does."""
    scene.aws.refuse = _by_account(policies(manifests))


def policies(manifests: Iterable[Object]) -> Mapping[str, Any]:
    """By the account that they are for."""
    objects = [KINDS[item["kind"]].model.model_validate(item) for item in manifests]
    found = permissions(objects, operator_role="arn:aws:iam::123456789012:role/operator", **TELEPORT)
    return {identity.account_id: _whole(identity) for identity in found.identities}


def _whole(identity: Identity) -> Mapping[str, Any]:
    documents = [*identity.policies, identity.analyzer_policy or {"Statement": []}]
    return {"Statement": [statement for document in documents for statement in document["Statement"]]}


def _by_account(allowed: Mapping[str, Any]) -> Refusal:
    def refuse(request: AwsRequest, account: str) -> Reply | None:
        return refusal(allowed[account], request, account)

    return refuse
