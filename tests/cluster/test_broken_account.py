"""An AWS account that never answers, beside one that does."""

import threading
from typing import TypeVar

import pytest
import yaml
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, RDS_ENROLLMENT

from hack.sandbox.aws.world import World
from hack.sandbox.gate import Cut, System
from tests.cluster.kubernetes_api import is_ready
from tests.cluster.scene import ACCOUNT, INTEGRATION, REGION, Scene, example

pytestmark = pytest.mark.slow

BROKEN = "222222222222"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-east-2")
WORKERS, THREADS = 4, 8
SHARE = 2
"""Of the threads."""
HANG = 120.0

A = TypeVar("A")


class Silence:
    """Reads of one account but STS's get no answer until it is over."""

    def __init__(self, account: str) -> None:
        self.over = threading.Event()
        self.most = 0
        """Calls that waited at a time, at most."""
        self._account = account
        self._waiting = 0
        self._changed = threading.Condition()

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        """A `gate.Reads`."""
        operation, _, account, _ = question.split(" ", 3)
        if account != self._account or operation.startswith("sts:"):
            return fresh
        self._count(1)
        self.over.wait(HANG)
        self._count(-1)
        raise Cut

    def wait(self, calls: int) -> None:
        """Until so many calls wait."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._waiting >= calls, HANG)

    def _count(self, change: int) -> None:
        with self._changed:
            self._waiting += change
            self.most = max(self.most, self._waiting)
            self._changed.notify_all()


def start(scene: Scene) -> None:
    roles = scene.folder / "roles.yaml"
    labels = {"kubernetes.io/metadata.name": scene.namespace.name}
    allowed = {"namespaces": {"matchLabels": labels}, "roles": [{"arn": role(BROKEN)}]}
    roles.write_text(yaml.safe_dump([allowed]))
    scene.start(
        RDS_ENROLLMENT_ASSUME_ROLES=str(roles),
        RDS_ENROLLMENT_WORKERS=str(WORKERS),
        RDS_ENROLLMENT_AWS_THREADS=str(THREADS),
    )


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/rds-enrollment"


def create(scene: Scene, name: str, account: str, *regions: str) -> None:
    """An integration and an enrolment in each region, without deployments."""
    document = example(10)
    document["metadata"]["name"] = name
    document["spec"] = {"accountId": account, "role": {"name": f"teleport-{name}"}}
    if account != ACCOUNT:
        document["spec"]["assumeRoleArn"] = role(account)
    scene.namespace.create(document)
    for region in regions:
        document = example(20)
        document["metadata"]["name"] = f"{name}-{region}"
        document["spec"] |= {"integrationRef": {"name": name}, "regions": [region]}
        del document["spec"]["deployment"]
        scene.namespace.create(document)


def test_objects_of_other_accounts_do_not_wait_for_one_that_hangs(scene: Scene) -> None:
    silence = Silence(BROKEN)
    scene.aws.reads = silence
    for account, region in ((ACCOUNT, REGION), *((BROKEN, region) for region in REGIONS)):
        world = World(scene.aws.url, account)
        world.seed_instance(world.seed_vpc(region, "main"), f"orders-{region}")
    start(scene)
    try:
        create(scene, "broken", BROKEN, *REGIONS)
        silence.wait(1)
        create(scene, INTEGRATION, ACCOUNT, REGION)

        # More objects of the broken account wait than there are workers, and nothing of it is answered.
        scene.wait(
            lambda: (
                is_ready(scene.namespace.get(AWS_OIDC_INTEGRATION, INTEGRATION))
                and is_ready(scene.namespace.get(RDS_ENROLLMENT, f"{INTEGRATION}-{REGION}"))
            ),
            "the objects of the account that answers are Ready",
        )
        assert not any(
            is_ready(scene.namespace.get(RDS_ENROLLMENT, f"broken-{region}")) for region in REGIONS
        )
        assert 1 <= silence.most <= SHARE
    finally:
        silence.over.set()
        scene.aws.reads = None

    # It answers again, and nobody has to do anything.
    scene.wait_all_ready(2 + 1 + len(REGIONS))
