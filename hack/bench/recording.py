"""An estate that the operator really made in the sandbox, and the answers of AWS that it looks at it with.

What hundreds of deployments cost the operator cannot be seen beside moto, which would be most of it. So a small estate
is made once, through moto; the answers to every question about it are kept; and a server that is cheap gives them for
any number of accounts and regions.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from rds_enrollment.api.common import GROUP, VERSION

from hack.bench.fleet import Fleet
from hack.bench.places import Translation
from hack.bench.script import Answer
from hack.bench.until import until
from hack.bench.world import NAMESPACE, REGION, BenchWorld
from hack.sandbox.aws.world import DEFAULT_ACCOUNT
from hack.sandbox.gate import System
from hack.sandbox.teleport.resources import Resources

A = TypeVar("A")
_SECONDS = 300.0
ROLE = "rds-enrollment"
"""That the operator assumes in each account."""


@dataclass
class Recording:
    """Answers by question: `service:Operation`, a blank, and the request's body."""

    answers: dict[str, Answer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, system: System, question: str, fresh: A, text: str) -> A:
        """A `gate.Reads` that changes nothing."""
        operation, _, _, body = question.split(" ", 3)
        status, headers, content = cast("tuple[str, list[tuple[str, str]], bytes]", fresh)
        types = {name.lower(): value for name, value in headers}
        kept = Answer(int(status.split()[0]), types.get("content-type", ""), content.decode())
        with self._lock:
            self.answers[f"{operation} {body}"] = kept
        return fresh


@dataclass(frozen=True)
class Estate:
    """One account and region, everything in it Ready."""

    objects: tuple[dict[str, Any], ...]
    """Manifests, the integration first."""
    vpcs: tuple[str, ...]
    answers: Mapping[str, Answer]
    resources: Resources
    """Teleport's."""

    @property
    def translation(self) -> Translation:
        return Translation(DEFAULT_ACCOUNT, REGION, self.vpcs)


def record(
    world: BenchWorld, folder: Path, deployments: int, enrollments: int, resync_seconds: int
) -> Estate:
    """Make an estate in an empty world, forget what Kubernetes knew of it, and look at it twice again."""
    recording = Recording()
    seeded = [
        world.stack.world.seed_vpc(REGION, f"v{number}", cidr=f"10.{number}.0.0/16")
        for number in range(deployments)
    ]
    for number, vpc in enumerate(seeded):
        world.stack.world.seed_instance(vpc, _database(number))
    vpcs = tuple(vpc.id for vpc in seeded)
    objects = (
        _integration(),
        *_enrollments(deployments, enrollments),
        *(_deployment(number, vpc, resync_seconds) for number, vpc in enumerate(vpcs)),
    )
    text = yaml.safe_dump_all(
        [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, *objects]
    )
    roles = folder / "roles.yaml"
    roles.write_text(grants([DEFAULT_ACCOUNT]))
    fleet = Fleet(world.stack.plane)
    for reads in (None, recording):
        fleet.forget()
        world.stack.aws.reads = reads
        world.start_operator(RDS_ENROLLMENT_ASSUME_ROLES=str(roles))
        fleet.create(text)
        until(lambda: fleet.ready() == len(objects), f"{len(objects)} objects are Ready", _SECONDS)
        fleet.request("again")
        until(lambda: fleet.handled("again") == len(objects), "all is looked at again", _SECONDS)
        world.stack.operator.stop()
    return Estate(objects, vpcs, recording.answers, world.stack.teleport.resources)


def role_arn(account: str) -> str:
    """Of the role that the operator assumes in an account."""
    return f"arn:aws:iam::{account}:role/{ROLE}"


def grants(accounts: Sequence[str]) -> str:
    """The file of roles that may be assumed."""
    roles = [{"arn": role_arn(account)} for account in accounts]
    labels = {"kubernetes.io/metadata.name": NAMESPACE}
    return yaml.safe_dump([{"namespaces": {"matchLabels": labels}, "roles": roles}])


def _database(number: int) -> str:
    return f"db-{number}-{REGION}-{DEFAULT_ACCOUNT}"


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": metadata, "spec": spec}


def _integration() -> dict[str, Any]:
    spec = {
        "accountId": DEFAULT_ACCOUNT,
        "assumeRoleArn": role_arn(DEFAULT_ACCOUNT),
        "role": {"name": f"teleport-{DEFAULT_ACCOUNT}"},
    }
    return _object("AwsOidcIntegration", f"aws-{DEFAULT_ACCOUNT}", spec)


def _enrollments(databases: int, count: int) -> list[dict[str, Any]]:
    """The databases, dealt out to so many enrolments."""
    return [
        _object(
            "RdsEnrollment",
            f"enroll-{number}-{REGION}-{DEFAULT_ACCOUNT}",
            {
                "integrationRef": {"name": f"aws-{DEFAULT_ACCOUNT}"},
                "regions": [REGION],
                "databases": {
                    "identifiers": [
                        {"kind": "Instance", "name": _database(each)}
                        for each in range(number, databases, count)
                    ]
                },
            },
        )
        for number in range(count)
    ]


def _deployment(number: int, vpc: str, resync_seconds: int) -> dict[str, Any]:
    return _object(
        "DatabaseServiceDeployment",
        f"agents-{number}-{REGION}-{DEFAULT_ACCOUNT}",
        {
            "integrationRef": {"name": f"aws-{DEFAULT_ACCOUNT}"},
            "region": REGION,
            "vpcId": vpc,
            "subnets": {"selector": {"tags": {"tier": "private"}}},
            "securityGroups": {"selector": {"tags": {"role": "teleport-agents"}}},
            "resyncPeriod": f"{resync_seconds}s",
        },
    )
