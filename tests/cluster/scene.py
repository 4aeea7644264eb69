"""What a test of the whole acts in: a Kubernetes namespace, an AWS, a Teleport, and the operator's process."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from rds_enrollment.api.kinds import (
    AWS_OIDC_INTEGRATION,
    DATABASE_SERVICE_DEPLOYMENT,
    KINDS,
    RDS_ENROLLMENT,
    Kind,
)

from hack.sandbox.aws.ecs.timing import Clock, Timing, utc_now
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import DemoWorld, World
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.metrics import Metrics
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.stack import ROOT, lease_rights, operator_environment
from hack.sandbox.teleport.server import TeleportSandbox
from tests.cluster.kubernetes_api import Namespace, Object, condition, describe, is_ready
from tests.cluster.permitted import Asked
from tests.cluster.waiting import wait_until
from tests.recorded_calls import record

REGION = "us-west-1"
ACCOUNT = "123456789012"
INTEGRATION, ENROLLMENT = "prod-aws", "prod"
EXAMPLES = ROOT / "examples"

EVERY_SERVICE_ACCOUNT = {
    "kind": "Group",
    "apiGroup": "rbac.authorization.k8s.io",
    "name": "system:serviceaccounts",
}

_LOG_LINES = 25


def example(number: int) -> Object:
    """One of the two example documents, by the number that its file begins with."""
    (file,) = EXAMPLES.glob(f"{number}-*.yaml")
    document: Object = yaml.safe_load(file.read_text())
    return document


@dataclass
class Scene:
    """Everything, empty at first and the operator not started. Waits fail with conditions and the log's end."""

    plane: ControlPlane
    namespace: Namespace
    aws: AwsSandbox
    teleport: TeleportSandbox
    operator: OperatorProcess
    folder: Path
    """For files of the test."""
    tenants: list[Namespace] = field(default_factory=list)
    """Further namespaces that the operator serves."""
    world: World = field(init=False)
    """Builds and reads in the AWS account, uncounted."""

    def __post_init__(self) -> None:
        self.world = World(self.aws.url)

    @contextmanager
    def tenant(self) -> Iterator[Namespace]:
        """Another namespace, for an operator that is told to serve it."""
        with Namespace(self.plane.admin_kubeconfig, f"tenant-{uuid4().hex[:8]}") as namespace:
            self.tenants.append(namespace)
            yield namespace

    def client(self, service: str) -> Any:
        """A boto3 client in the region, whose calls are not counted."""
        return self.world.client(service, REGION)

    def start(self, **overrides: str) -> None:
        """Start the operator, with some of its variables changed."""
        self.operator.start(**overrides)
        self.operator.wait_ready()

    def apply_examples(self, **changed: Object) -> None:
        """Create the two example objects; `integration` and `enrollment` are merged into their specs."""
        for number, name in ((10, "integration"), (20, "enrollment")):
            document = example(number)
            document["spec"].update(changed.get(name, {}))
            self.namespace.create(document)

    def enroll(self, settings: Mapping[str, str] | None = None, **changed: Object) -> DemoWorld:
        """The main job: the demo's databases, the examples (changed as above), three objects Ready.

        `settings`: variables of the operator that are changed.
        """
        seeded = self.world.demo_world(REGION)
        self.start(**(settings or {}))
        self.apply_examples(**changed)
        self.wait_all_ready()
        return seeded

    @property
    def integration(self) -> Object:
        return self.namespace.get(AWS_OIDC_INTEGRATION, INTEGRATION)

    @property
    def enrollment(self) -> Object:
        return self.namespace.get(RDS_ENROLLMENT, ENROLLMENT)

    @property
    def deployment(self) -> Object:
        """The one generated deployment."""
        (found,) = self.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
        return found

    def wait(self, condition: Callable[[], bool], what: str, timeout: float = 60.0) -> None:
        """`wait_until`, with a report of everything when it fails."""
        try:
            wait_until(condition, what, timeout)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.report()}") from None

    def wait_all_ready(self, objects: int = 3) -> None:
        """Wait until there are that many objects and all are Ready."""

        def ready() -> bool:
            found = self.namespace.objects()
            return len(found) == objects and all(map(is_ready, found))

        self.wait(ready, f"{objects} objects are Ready")

    def wait_condition(
        self, kind: Kind, name: str, type_: str, status: str, reason: str | None = None
    ) -> Object:
        """Wait for a condition's status (and reason); returns the condition."""

        def reached() -> bool:
            found = self.namespace.find(kind, name)
            entry = condition(found, type_) if found else {}
            return entry.get("status") == status and reason in (None, entry.get("reason"))

        self.wait(reached, f"{kind.kind}/{name}: {type_}={status} {reason or ''}")
        return condition(self.namespace.get(kind, name), type_)

    def delete_all(self) -> None:
        """Ask for the deletion of every object, at once."""
        for obj in self.namespace.objects():
            self.namespace.delete(KINDS[obj["kind"]], obj["metadata"]["name"])

    def wait_gone(self) -> None:
        """Wait until no object of the three kinds is left."""
        self.wait(lambda: not self.namespace.objects(), "every object is gone")

    def reconcile(self, obj: Object) -> Object:
        """Request a pass over an object and wait for its end; returns the object as it is then."""
        kind, name, token = KINDS[obj["kind"]], obj["metadata"]["name"], uuid4().hex
        self.namespace.request_reconcile(kind, name, token)

        def handled() -> bool:
            status = self.namespace.get(kind, name).get("status", {})
            return bool(status.get("lastHandledReconcileAt") == token)

        self.wait(handled, f"{kind.kind}/{name} is reconciled")
        self.wait_idle()
        return self.namespace.get(kind, name)

    def wait_idle(self) -> None:
        """Wait until the operator has no pass running and no key waiting for its turn."""
        self.wait(lambda: self.metrics().is_idle, "the operator is idle")

    def metrics(self) -> Metrics:
        """What /metrics says now."""
        return Metrics.parse(self.operator.read("/metrics"))

    def log_lines(self) -> list[str]:
        """The operator's output so far."""
        return self.operator.log.read_text(errors="replace").splitlines()

    def report(self) -> str:
        """Conditions of all objects and the end of the operator's log."""
        parts = [describe(obj) for obj in self.namespace.objects()]
        log = self.log_lines()[-_LOG_LINES:] if self.operator.log.exists() else ["never started"]
        return "\n".join([*parts, f"Operator (runs: {self.operator.running}), end of its log:", *log])


@contextmanager
def new_scene(
    plane: ControlPlane,
    kubeconfig: Path,
    folder: Path,
    *,
    timing: Timing | None = None,
    clock: Clock = utc_now,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Scene]:
    """A fresh AWS, Teleport and namespace, and an operator that serves this namespace alone.

    `timing` and `clock` are those of ECS, `settings` further variables of the operator. In the end the policy for the
    manifests that were there must allow everything that was asked of AWS.
    """
    name = f"{os.environ.get('PYTEST_XDIST_WORKER', 'test')}-{uuid4().hex[:8]}"
    with (
        Namespace(plane.admin_kubeconfig, name) as namespace,
        AwsSandbox(timing=timing, clock=clock) as aws,
        TeleportSandbox(tasks=aws) as teleport,
    ):
        teleport.assume_role = aws.assume_role
        environment = operator_environment(aws.url, teleport, kubeconfig)
        environment["RDS_ENROLLMENT_WATCH_NAMESPACES"] = name
        # A Lease of its own: scenes have nothing in common.
        environment["RDS_ENROLLMENT_LEASE_NAMESPACE"] = name
        plane.apply(yaml.safe_dump_all(lease_rights(name, EVERY_SERVICE_ACCOUNT)))
        operator = OperatorProcess({**environment, **(settings or {})}, folder / "operator.log")
        scene = Scene(plane, namespace, aws, teleport, operator, folder)
        aws.witness = asked = Asked()
        try:
            yield scene
        finally:
            operator.kill()
        record(aws.calls.operations)
        asked.judge(obj for each in (namespace, *scene.tenants) for obj in each.written)
