"""One recorded estate in many accounts and regions, and an operator that serves them all."""

import json
import re
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import boto3
import yaml
from google.protobuf.json_format import MessageToJson, Parse
from google.protobuf.message import Message

from hack.bench.echo_server import Counts
from hack.bench.fleet import Fleet
from hack.bench.places import Place
from hack.bench.processes import serving
from hack.bench.recording import Estate, grants, record
from hack.bench.script import Script
from hack.bench.until import until
from hack.bench.world import AWS_CALL_SECONDS, NAMESPACE, TELEPORT_CALL_SECONDS, empty_world
from hack.sandbox import gauges
from hack.sandbox.controlplane import ControlPlane
from hack.sandbox.operator_process import OperatorProcess
from hack.sandbox.stack import OPERATOR_NAMESPACE, SERVICE_ACCOUNT, install, operator_environment
from hack.sandbox.teleport.resources import Collection
from hack.sandbox.teleport.server import TeleportSandbox

ACCOUNT_LABEL = "bench/account"
_FIRST_ACCOUNT = 200_000_000_000
_SECONDS = 3600.0
_HEARTBEATS_LAST = timedelta(days=7)
_UUID = re.compile(r"\b[0-9a-f]{4}(?P<kept>[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Size:
    """Of the whole."""

    accounts: int
    regions: int
    deployments: int
    """In each account and region."""
    enrollments: int
    """In each account and region."""

    @property
    def objects(self) -> int:
        """In each account: these, and its integration."""
        return 1 + self.regions * (self.deployments + self.enrollments)


@dataclass(frozen=True)
class ManyAccounts:
    """Everything is Ready already when it is first looked at; the operator is not started."""

    size: Size
    accounts: tuple[str, ...]
    fleet: Fleet
    operator: OperatorProcess
    manifests: Mapping[str, str]
    """By account."""
    url: str

    def start(self, **settings: str) -> None:
        """Start the operator as in its image, create all objects, and let each be looked at. Raises TimeoutError."""
        self.operator.start(RDS_ENROLLMENT_POLL_SECONDS="15", MALLOC_ARENA_MAX="2", **settings)
        self.operator.wait_ready()
        for manifests in self.manifests.values():
            self.fleet.create(manifests)
        self.wait_ready()
        if unknown := self.counts().unknown:
            raise RuntimeError(f"{unknown} questions were not recorded")

    def wait_ready(self) -> None:
        """Wait until every object is Ready and the operator has nothing to do. Raises TimeoutError."""
        count = self.size.objects * self.size.accounts
        until(
            lambda: gauges.read(self.operator).is_idle and self.fleet.ready() == count,
            f"{count} objects are Ready",
            _SECONDS,
        )

    def break_accounts(self, faults: Mapping[str, str]) -> None:
        """Let these accounts fail from now on, each in its way, and heal the others."""
        self._post("faults", faults)

    def counts(self) -> Counts:
        """What AWS was asked since the last time."""
        return Counts(**json.loads(self._post("counts", {})))

    def _post(self, path: str, content: object) -> str:
        data = json.dumps(content).encode()
        with urllib.request.urlopen(f"{self.url}/{path}", data, timeout=30) as answer:  # noqa: S310 (loopback http)
            return str(answer.read().decode())


@contextmanager
def many_accounts(size: Size, resync_seconds: int = 600) -> Iterator[ManyAccounts]:
    """Make the estate, and multiply it. `resync_seconds` is the deployments' resync period."""
    with tempfile.TemporaryDirectory(prefix="rds-enrollment-") as name:
        folder = Path(name)
        with ControlPlane() as plane, empty_world(plane) as world:
            estate = record(world, folder, size.deployments, size.enrollments, resync_seconds)
        places = _places(size)
        accounts = tuple(dict.fromkeys(place.account for place in places))
        roles = folder / "roles.yaml"
        roles.write_text(grants(accounts))
        with (
            ControlPlane() as plane,
            TeleportSandbox(latency=TELEPORT_CALL_SECONDS) as teleport,
            _echo(estate, places, folder / "script.json") as url,
        ):
            install(plane)
            plane.run_kubectl("create", "namespace", NAMESPACE)
            _populate(teleport, estate, places)
            file = folder / "operator.kubeconfig"
            kubeconfig = plane.service_account_kubeconfig(OPERATOR_NAMESPACE, SERVICE_ACCOUNT, file)
            environment = operator_environment(url, teleport, kubeconfig)
            environment["RDS_ENROLLMENT_ASSUME_ROLES"] = str(roles)
            operator = OperatorProcess(environment, folder / "operator.log")
            try:
                manifests = {account: _manifests(estate, places, account) for account in accounts}
                yield ManyAccounts(size, accounts, Fleet(plane), operator, manifests, url)
            finally:
                operator.kill()


def _places(size: Size) -> tuple[Place, ...]:
    """In regions that AWS has."""
    regions = sorted(boto3.Session().get_available_regions("ecs"))[: size.regions]
    accounts = [str(_FIRST_ACCOUNT + number) for number in range(size.accounts)]
    pairs = [(account, region) for account in accounts for region in regions]
    return tuple(Place(account, region, 1 + number) for number, (account, region) in enumerate(pairs))


@contextmanager
def _echo(estate: Estate, places: Sequence[Place], file: Path) -> Iterator[str]:
    told = estate.translation
    script = Script(told.account, told.region, told.vpcs, estate.answers, tuple(places), AWS_CALL_SECONDS)
    script.dump(file)
    with serving("hack.bench.echo_server", str(file)) as url:
        yield url


def _manifests(estate: Estate, places: Sequence[Place], account: str) -> str:
    """Of one account, labelled with it. Its integration is the same in all regions."""
    found: dict[tuple[str, str], Any] = {}
    for place in places:
        if place.account == account:
            text = estate.translation.to(place, json.dumps(estate.objects))
            found |= {(item["kind"], item["metadata"]["name"]): item for item in json.loads(text)}
    for item in found.values():
        item["metadata"]["labels"] = {ACCOUNT_LABEL: account}
    return yaml.safe_dump_all(found.values())


def _populate(teleport: TeleportSandbox, estate: Estate, places: Sequence[Place]) -> None:
    """What Teleport holds of the recorded estate, once for each place."""
    theirs, ours = estate.resources, teleport.resources
    for place in places:
        _copy(theirs.integrations, ours.integrations, estate, place)
        _copy(theirs.tokens, ours.tokens, estate, place)
        _copy(theirs.databases, ours.databases, estate, place)
        _copy(theirs.database_services, ours.database_services, estate, place)
        _copy(theirs.database_servers, ours.database_servers, estate, place)


def _copy(source: Collection[M], target: Collection[M], estate: Estate, place: Place) -> None:
    """Agents have ids of their own in each place, and beat no more by themselves."""
    for item in source.list():
        text = estate.translation.to(place, MessageToJson(item))
        text = _UUID.sub(lambda found: f"{place.number:04x}{found['kept']}", text)
        copied = Parse(text, type(item)())
        metadata = target.metadata(copied)
        if metadata.HasField("Expires"):
            metadata.Expires.FromDatetime(datetime.now(UTC) + _HEARTBEATS_LAST)
        target.put(copied)
