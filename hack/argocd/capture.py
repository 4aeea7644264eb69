"""`python -m hack.argocd.capture`: test data for the health scripts, from objects of a real run in the sandbox.

Writes testdata/ and health_test.yaml of each kind, in the form that Argo CD's own test reads. What is expected follows
from the situation that was brought about, not from the scripts.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import yaml
from rds_enrollment.api.common import ANNOTATION_PAUSED
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, KINDS
from rds_enrollment.api.reasons import PROGRESS

from hack.argocd.__main__ import CUSTOMIZATIONS
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.stack import ROOT, Stack, stack
from hack.sandbox.teleport.agents import AgentTiming
from hack.sandbox.teleport.roles import BOT_ROLE
from hack.sandbox.teleport.server import TeleportSandbox

Object = dict[str, Any]

REGION = "us-west-1"
NAMESPACE = "--namespace=teleport"
_ALL = ",".join(kind.plural for kind in KINDS.values())
_LIMIT_SECONDS = 120.0
_POLL_SECONDS = 0.1
_WAITING = "Waiting for the operator to look at it"
_PAUSED = f"Paused by the annotation {ANNOTATION_PAUSED}"


@dataclass
class Capture:
    """Objects as they were, by kind and by name of the situation."""

    everything: Stack
    files: dict[tuple[str, str], Object] = field(default_factory=dict)
    tests: dict[str, list[Object]] = field(default_factory=dict)

    def objects(self) -> list[Object]:
        shown = self.everything.plane.run_kubectl("get", _ALL, NAMESPACE, "--output=json")
        found: list[Object] = json.loads(shown)["items"]
        return found

    def when(self, reached: Callable[[Object], bool], count: int = len(KINDS)) -> list[Object]:
        """The objects once there are so many and all are so. Raises TimeoutError."""
        deadline = time.monotonic() + _LIMIT_SECONDS
        while True:
            found = self.objects()
            if len(found) == count and all(map(reached, found)):
                return found
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(yaml.safe_dump(item.get("status")) for item in found))
            time.sleep(_POLL_SECONDS)

    def keep(self, status: str, situation: str, found: list[Object], message: str | None = None) -> None:
        """Record objects; the message is that of Stalled or Ready unless given."""
        for item in found:
            name = f"{status.lower()}_{situation}"
            self.files[item["kind"], name] = item
            expected = (
                message or condition(item, "Stalled").get("message") or condition(item, "Ready")["message"]
            )
            self.tests.setdefault(item["kind"], []).append(
                {
                    "healthStatus": {"status": status, "message": expected},
                    "inputPath": f"testdata/{name}.yaml",
                }
            )

    def patch_all(self, *arguments: str) -> None:
        """Run a kubectl command on every object."""
        for item in self.objects():
            self.everything.plane.run_kubectl(
                arguments[0], item["kind"], item["metadata"]["name"], NAMESPACE, *arguments[1:]
            )

    def write(self) -> None:
        """Replace what is in argocd/."""
        for kind, tests in self.tests.items():
            folder = CUSTOMIZATIONS / kind
            shutil.rmtree(folder / "testdata", ignore_errors=True)
            (folder / "testdata").mkdir(parents=True)
            text = yaml.safe_dump({"tests": tests}, sort_keys=False, width=110)
            (folder / "health_test.yaml").write_text(text)
        for (kind, name), item in self.files.items():
            path = CUSTOMIZATIONS / kind / "testdata" / f"{name}.yaml"
            path.write_text(yaml.safe_dump(item, sort_keys=False, width=110))


def condition(item: Object, kind: str) -> Object:
    """A condition of an object; empty while it has none of this type."""
    conditions = item.get("status", {}).get("conditions", ())
    return next((entry for entry in conditions if entry["type"] == kind), {})


def is_ready(item: Object) -> bool:
    current = item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]
    return bool(current and condition(item, "Ready").get("status") == "True")


def is_on_the_way(item: Object) -> bool:
    entry = condition(item, "Ready")
    return entry.get("status") != "True" and entry.get("reason") in PROGRESS


def ready_is(status: str, *reasons: str) -> Callable[[Object], bool]:
    """Whether Ready has this status for one of these reasons."""

    def reached(item: Object) -> bool:
        entry = condition(item, "Ready")
        return entry.get("status") == status and entry["reason"] in reasons

    return reached


def run(capture: Capture, teleport: TeleportSandbox) -> None:
    """Bring about every situation."""
    everything = capture.everything
    operator = everything.operator
    everything.world.demo_world(REGION)

    everything.plane.apply(ROOT / "examples")
    capture.keep("Progressing", "new", capture.when(lambda _: True, count=2), _WAITING)

    teleport.role = (
        BOT_ROLE.without("integration", "create").without("db", "create").without("token", "create")
    )
    operator.start()
    capture.keep("Degraded", "denied", capture.when(ready_is("False", "TeleportAccessDenied")))

    teleport.role = BOT_ROLE
    found = capture.when(lambda item: item["kind"] == AWS_OIDC_INTEGRATION.kind or is_on_the_way(item))
    capture.keep("Progressing", "on_the_way", [item for item in found if is_on_the_way(item)])
    capture.keep("Healthy", "ready", capture.when(is_ready))

    operator.stop()
    capture.patch_all("patch", "--type=merge", '--patch={"spec": {"resyncPeriod": "15m"}}')
    capture.keep("Progressing", "changed", capture.objects(), _WAITING)

    operator.start()
    capture.when(is_ready)
    capture.patch_all("annotate", f"{ANNOTATION_PAUSED}=true")
    capture.keep("Suspended", "paused", capture.when(ready_is("Unknown", "Paused")), _PAUSED)

    capture.patch_all("annotate", f"{ANNOTATION_PAUSED}-")
    capture.when(is_ready)
    operator.stop()
    with TeleportSandbox(cluster_name="other.teleport.sh") as other:
        operator.start(
            RDS_ENROLLMENT_TELEPORT_ADDRESS=other.address,
            RDS_ENROLLMENT_TELEPORT_IDENTITY=str(other.identity_file),
        )
        stalled = capture.when(lambda item: condition(item, "Stalled").get("status") == "True")
        capture.keep("Degraded", "stalled", stalled)
        operator.stop()


def main() -> int:
    """The exit code."""
    # Agents that take their time keep the enrolment on its way for as long as it takes to look.
    slow = AgentTiming(join_delay=timedelta(seconds=20))
    with (
        ControlPlane() as plane,
        AwsSandbox() as aws,
        TeleportSandbox(tasks=aws, agent_timing=slow) as teleport,
        stack(plane, aws, teleport) as everything,
    ):
        capture = Capture(everything)
        run(capture, teleport)
        capture.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
