"""Whether the policies that `rds-enrollment policy` prints for manifests allow everything that was asked of AWS."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from rds_enrollment.api.aws_oidc_integration import AwsOidcIntegration
from rds_enrollment.api.common import Resource
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.cli.permissions import Identity, permissions

from hack.sandbox.aws.authorization import Check, Document, allowed, checks
from hack.sandbox.aws.wire import AwsRequest
from hack.sandbox.stack import OWNER_ID
from tests.cluster.kubernetes_api import Object
from tests.recorded_calls import UNSIGNED

FREE = {"sts:GetCallerIdentity", *UNSIGNED}
"""What AWS answers whatever a policy says (AWS STS API Reference, "GetCallerIdentity")."""
_TELEPORT = {
    "teleport_cluster": "example.teleport.sh",
    "proxy": "teleport.example.com",
    "operator_role": "arn:aws:iam::123456789012:role/operator",
}
ADMINISTRATOR = "AKIAADMINISTRATOR000"
"""Key of people, whose calls need rights of their own."""
_OWN = "OPERATOR-ACCOUNT"


class Asked:
    """A `hack.sandbox.aws.calls.Witness`: what IAM would have checked, each thing once."""

    def __init__(self) -> None:
        self._checks: dict[tuple[str, ...], tuple[str, Check]] = {}
        self._unknown: set[str] = set()

    def __call__(self, request: AwsRequest, account: str) -> None:
        if request.name in FREE or request.access_key == ADMINISTRATOR:
            return
        try:
            found = checks(request, account)
        except LookupError:
            self._unknown.add(request.name)
            return
        for check in found:
            context = (text for item in sorted(check.context.items()) for text in item)
            self._checks.setdefault((account, check.action, check.resource, *context), (account, check))

    def judge(self, written: Iterable[Object]) -> None:
        """Raises AssertionError: the policies for these manifests (of one object, all that it ever was) would not have
        allowed everything, or the sandbox does not know what IAM checks of a call."""
        assert not self._unknown, f"what IAM checks of {sorted(self._unknown)} is not known"
        lacking = self._lacking(policies(written))
        assert not lacking, "the printed policies do not allow:\n" + "\n".join(lacking)

    def _lacking(self, found: Mapping[str, Document]) -> list[str]:
        by_action: dict[tuple[str, str], Document] = {}
        lacking = []
        for account, check in list(self._checks.values()):
            place = account, check.action
            if place not in by_action:
                by_action[place] = _about(found.get(account, found[_OWN]), check.action)
            if not allowed(by_action[place], check):
                lacking.append(f"{check.action} on {check.resource} in {account}, {dict(check.context)}")
        return lacking


def policies(written: Iterable[Object]) -> Mapping[str, Document]:
    """By the account that they are for; `OPERATOR-ACCOUNT` is that of the operator, where no manifest tells it."""
    objects = list(_reconciled(_distinct(written)))
    statements: dict[str, list[Any]] = {_OWN: []}
    for identity in permissions(objects, owner_id=OWNER_ID, **_TELEPORT).identities:
        statements.setdefault(identity.account_id, []).extend(_statements(identity))
    return {account: {"Statement": found} for account, found in statements.items()}


def _statements(identity: Identity) -> Iterator[Mapping[str, Any]]:
    for document in (*identity.policies, identity.analyzer_policy or {"Statement": []}):
        yield from document["Statement"]


def _about(policy: Document, action: str) -> Document:
    """What of a policy is about an action: most is not."""
    found = policy["Statement"]
    return {"Statement": [item for item in found if any("*" in it or it == action for it in item["Action"])]}


def _distinct(written: Iterable[Object]) -> Iterator[Object]:
    """The manifests in what was written, each once."""
    seen: list[Object] = []
    for obj in written:
        metadata = {name: obj["metadata"][name] for name in ("name", "namespace")}
        manifest = {**{name: obj[name] for name in ("apiVersion", "kind", "spec")}, "metadata": metadata}
        if manifest not in seen:
            seen.append(manifest)
            yield manifest


def _reconciled(manifests: Iterable[Object]) -> list[Resource]:
    """Without those that the operator does nothing for: they are not valid, or their integration is not there."""
    found = list(_valid(manifests))
    integrations = {_key(item) for item in found if isinstance(item, AwsOidcIntegration)}
    return [item for item in found if _integration_key(item) in integrations]


def _valid(manifests: Iterable[Object]) -> Iterator[Resource]:
    for item in manifests:
        try:
            yield KINDS[item["kind"]].model.model_validate(item)
        except ValidationError:
            continue


def _key(item: Resource) -> tuple[str, str]:
    return item.metadata.namespace, item.metadata.name


def _integration_key(item: Any) -> tuple[str, str]:
    if isinstance(item, AwsOidcIntegration):
        return _key(item)
    key: tuple[str, str] = item.spec.integration_ref.key(item.metadata.namespace)
    return key
