"""The same deployment many times: in Teleport, in Kubernetes, and in an AWS that has its answers ready."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message
from rds_enrollment.api.common import GROUP, VERSION
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from hack.bench.deployments.original import Original, create_deployment, deployment
from hack.bench.deployments.places import moved, region_of
from hack.bench.processes import serving
from hack.bench.world import NAMESPACE, BenchWorld

M = TypeVar("M", bound=Message)
_LONG = timedelta(days=1)
_DIGITS = 4


class Replayed:
    """The AWS of many deployments, as it is asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def calls(self) -> int:
        """So far. Raises RuntimeError when something was asked that was not recorded: a write, above all."""
        with urllib.request.urlopen(f"{self.url}/calls") as answer:  # noqa: S310 (loopback http)
            found = json.loads(answer.read())
        if found["unknown"]:
            raise RuntimeError(f"asked what was not recorded: {found['unknown']}")
        return sum(found["calls"].values())


@contextmanager
def replayed(original: Original, count: int) -> Iterator[Replayed]:
    """An AWS with so many deployments."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "answers.json"
        original.answers.save(path)
        with serving("hack.bench.deployments.replay", str(path), original.vpc_id, str(count)) as url:
            yield Replayed(url)


def add_to_teleport(world: BenchWorld, original: Original, numbers: range) -> None:
    """The token and the agents of each; they beat no more, and do not expire."""
    teleport = world.stack.teleport.resources
    expires = datetime.now(UTC) + _LONG
    for number in numbers:
        teleport.tokens.put(_moved(original.token, number))
        for agent in original.agents:
            copy = _moved(agent, number)
            metadata = copy.Header.Metadata
            metadata.Name = f"{metadata.Name[:-_DIGITS]}{number:0{_DIGITS}x}"
            metadata.Expires.FromDatetime(expires)
            teleport.database_services.put(copy)


def add_to_kubernetes(world: BenchWorld, original: Original, numbers: range, resync_seconds: int) -> None:
    """The objects."""
    for number in numbers:
        create_deployment(
            world, deployment(moved(original.vpc_id, number), region_of(number), resync_seconds)
        )


def set_resync(world: BenchWorld, resync_seconds: int) -> None:
    """Of every deployment."""
    for found in world.all(DATABASE_SERVICE_DEPLOYMENT.plural):
        change: dict[str, Any] = {"spec": {"resyncPeriod": f"{resync_seconds}s"}}
        named = (GROUP, VERSION, NAMESPACE, DATABASE_SERVICE_DEPLOYMENT.plural, found["metadata"]["name"])
        world.objects.patch_namespaced_custom_object(*named, change)


def _moved(message: M, number: int) -> M:
    copy = type(message)()
    json_format.Parse(moved(json_format.MessageToJson(message), number), copy)
    return copy
