"""What AWS refuses is named by action and resource, and heals alone; what IAM does not show yet is waited for."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, KINDS
from rds_enrollment.plan.permissions.table import actions

from hack.sandbox.aws.authorization import refusal
from hack.sandbox.aws.wire import AwsRequest, Reply, error_reply
from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.stack import OWNER_ID
from tests.cluster import inventory
from tests.cluster.kubernetes_api import is_ready
from tests.cluster.scene import INTEGRATION, REGION, Scene

_ASKED = re.compile(r"Allow (?P<action>[\w:]+) on (?P<resource>\S+) in a policy of the operator")


@dataclass
class Administrator:
    """Allows what the operator's conditions ask for, and nothing else."""

    scene: Scene
    given: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, request: AwsRequest, account: str) -> Reply | None:
        """Calls whose rights were given are served."""
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in (("sts:GetCallerIdentity", "*"), *self.given)
        ]
        return refusal({"Version": "2012-10-17", "Statement": statements}, request, account)

    def asked(self) -> set[tuple[str, str]]:
        """By the conditions now."""
        return {
            (found["action"], found["resource"])
            for obj in self.scene.namespace.objects()
            for entry in obj.get("status", {}).get("conditions", [])
            if entry["reason"] == "AccessDenied"
            for found in _ASKED.finditer(entry["message"])
        }

    def give_until(self, done: Callable[[], bool], what: str) -> None:
        """The first rights are found out alone; later ones are hurried on, or the pauses between tries add up."""
        while not done():
            self.scene.wait(
                lambda: done() or bool(self.asked() - self.given), f"{what}, or a right is asked for"
            )
            new = self.asked() - self.given
            hurried = bool(self.given)
            self.given |= new
            for obj in self.scene.namespace.objects() if new and hurried else ():
                kind, name = KINDS[obj["kind"]], obj["metadata"]["name"]
                self.scene.namespace.request_reconcile(kind, name, f"given-{len(self.given)}")


@pytest.mark.slow
def test_each_right_is_asked_for_by_name_until_all_is_ready_and_until_all_is_gone(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    administrator = Administrator(scene)
    scene.aws.refuse = administrator.refuse
    scene.start()
    scene.apply_examples()

    def ready() -> bool:
        found = scene.namespace.objects()
        return len(found) == 3 and all(map(is_ready, found))

    administrator.give_until(ready, "all are Ready")
    named = {action for action, _ in administrator.given}
    assert named <= actions()
    assert {
        "iam:CreateRole",
        "iam:TagRole",
        "iam:PassRole",
        "ecs:CreateService",
        "rds:DescribeDBInstances",
    } <= named

    scene.delete_all()
    administrator.give_until(lambda: not scene.namespace.objects(), "all are gone")
    assert {"ecs:DeleteService", "iam:DeleteRole", "iam:DeleteRolePolicy"} <= {
        action for action, _ in administrator.given
    }
    assert inventory.in_aws(scene) == []


@dataclass(frozen=True)
class Fault:
    """An error of AWS for one operation, and the condition that tells of it."""

    operation: str
    code: str
    reason: str
    condition: str = "RoleReady"
    status: int = 409
    provoke: Callable[[Scene], None] = lambda _: None


def _role(scene: Scene) -> str:
    (name,) = (name for name in inventory.roles(scene) if name.startswith("TeleportDatabaseAccess-"))
    return name


def _no_policy(scene: Scene) -> None:
    scene.client("iam").delete_role_policy(RoleName=_role(scene), PolicyName=_role(scene))


def _no_role(scene: Scene) -> None:
    role = _role(scene)
    _no_policy(scene)
    scene.client("iam").delete_role(RoleName=role)


def _no_trust(scene: Scene) -> None:
    other = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [other]})
    scene.client("iam").update_assume_role_policy(RoleName=_role(scene), PolicyDocument=trust)


FAULTS = (
    Fault(
        "iam:PutRolePolicy", "MalformedPolicyDocument", "AwsRequestRefused", status=400, provoke=_no_policy
    ),
    Fault("iam:PutRolePolicy", "LimitExceeded", "AwsLimitExceeded", provoke=_no_policy),
    Fault(
        "iam:UpdateAssumeRolePolicy", "UnmodifiableEntity", "AwsRequestRefused", status=400, provoke=_no_trust
    ),
    Fault("iam:CreateRole", "LimitExceeded", "AwsLimitExceeded", provoke=_no_role),
    Fault("ecs:DescribeServices", "UnrecognizedClientException", "RegionNotEnabled", "ServiceDeployed", 400),
    Fault("ecs:DescribeServices", "BlockedException", "AccountBlocked", "ServiceDeployed", 403),
    Fault("iam:GetRole", "AccessDenied", "AccessDenied", status=403),
)


def refusing(fault: Fault) -> Callable[[AwsRequest, str], Reply | None]:
    def refuse(request: AwsRequest, account: str) -> Reply | None:
        if request.name != fault.operation or "teleport-prod-aws" in str(request.parameters):
            return None
        return error_reply(request.service, fault.code, f"{fault.code} as AWS words it.", fault.status)

    return refuse


@pytest.mark.slow
def test_faults_are_told_and_heal(scene: Scene, seeded: DemoWorld) -> None:
    name = scene.deployment["metadata"]["name"]

    for fault in FAULTS:
        scene.aws.refuse = refusing(fault)
        fault.provoke(scene)
        scene.namespace.request_reconcile(DATABASE_SERVICE_DEPLOYMENT, name, fault.operation + fault.code)
        entry = scene.wait_condition(
            DATABASE_SERVICE_DEPLOYMENT, name, fault.condition, "False", fault.reason
        )
        assert entry["message"].startswith(f"{fault.operation} on ")
        assert fault.code in entry["message"]
        scene.aws.refuse = lambda request, account: None
        scene.wait_all_ready()
        assert len(scene.aws.running_tasks()) == 2

    # What somebody attached keeps a role from going.
    iam, role = scene.client("iam"), _role(scene)
    document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    iam.put_role_policy(RoleName=role, PolicyName="theirs", PolicyDocument=document)
    scene.delete_all()
    entry = scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "RoleReady", "False", "InUse")
    assert f"iam:DeleteRole on IAM role {role}: DeleteConflict" in entry["message"]
    iam.delete_role_policy(RoleName=role, PolicyName="theirs")
    scene.wait_gone()


class Late:
    """IAM that does not show a new role, or identity provider, for some reads."""

    def __init__(self, reads: int) -> None:
        self._reads = reads
        self._left: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    def __call__(self, request: AwsRequest, account: str) -> Reply | None:
        name = self._name(request.parameters)
        if request.operation in ("CreateRole", "CreateOpenIDConnectProvider"):
            self.made[name] += 1
            self.hide(name)
        if request.operation not in ("GetRole", "GetOpenIDConnectProvider") or self._left[name] <= 0:
            return None
        self._left[name] -= 1
        return error_reply("iam", "NoSuchEntity", f"{name} cannot be found.", 404)

    def hide(self, name: str) -> None:
        """As if it had just been made."""
        self._left[name] = self._reads

    @staticmethod
    def _name(values: Any) -> str:
        host = str(values.get("Url") or values.get("OpenIDConnectProviderArn") or "").rpartition("/")[2]
        return str(values.get("RoleName") or host)


def test_what_iam_does_not_show_yet_is_waited_for_and_never_made_twice(scene: Scene) -> None:
    scene.world.demo_world(REGION)
    late = Late(reads=3)
    mark = f"{OWNER_ID}/awsoidc/{scene.namespace.name}/{INTEGRATION}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    scene.client("iam").create_role(
        RoleName="teleport-prod-aws",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Tags=[{"Key": OWNER_MARK, "Value": mark}],
    )
    late.hide("teleport-prod-aws")  # as after a restart right after its creation
    scene.aws.refuse = late
    scene.start()
    scene.apply_examples()
    entry = scene.wait_condition(AWS_OIDC_INTEGRATION, INTEGRATION, "RoleReady", "False", "IamPropagating")
    assert "IAM role teleport-prod-aws was made moments ago" in entry["message"]
    scene.wait_all_ready()
    assert len(late.made) == 3
    assert set(late.made.values()) == {1}
    assert not [event for event in scene.namespace.events() if event["type"] == "Warning"]
