"""What an operator leaves behind, everywhere, as data: recorded from one world and put into another.

Ids that differ between worlds are replaced by placeholders, in AWS's answers, Teleport's objects and our own alike.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from rds_enrollment.api.common import FIELD_MANAGER
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.integration_pb2 import IntegrationV1
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2

from hack.sandbox.aws.world import DemoWorld
from tests.cluster.kubernetes_api import USER, Object
from tests.cluster.scene import Scene
from tests.upgrade import aws_state

Snapshot = dict[str, Any]
FOLDER = Path(__file__).with_name("snapshots")
TELEPORT_VERSION = "18.6.4"
"""Its agents have a container health check."""

SPECS: dict[str, Any] = {
    "integration": {"tags": {"team": "databases"}},
    "enrollment": {
        "deployment": {
            "subnets": {"selector": {"tags": {"tier": "private"}}},
            "securityGroups": {"managed": {}},
            "databaseAccess": "Manage",
            "logs": {"retentionDays": 30, "level": "WARN"},
            "resources": {"cpuUnits": 512, "memoryMiB": 1024},
            "environment": [{"name": "NO_PROXY", "value": "169.254.170.2"}],
        }
    },
}
"""As much as one enrolment can ask for: what is not asked for shows no difference."""

_KEPT = ("name", "labels", "annotations", "finalizers", "ownerReferences")


def record(scene: Scene, seeded: DemoWorld) -> Snapshot:
    """What is there, with placeholders."""
    resources = scene.teleport.resources
    snapshot = {
        "aws": aws_state.read(scene),
        "teleport": {
            "databases": [_json(each) for each in resources.databases.list()],
            "tokens": [_json(each) for each in resources.tokens.list()],
            "integrations": [_json(each) for each in resources.integrations.list()],
        },
        "objects": [_object(each) for each in scene.namespace.objects()],
    }
    text = json.dumps(snapshot, indent=1, sort_keys=True, default=str)
    for name, value in sorted(_names(scene, seeded).items(), key=lambda item: -len(item[1])):
        text = text.replace(value, name)
    found: Snapshot = json.loads(text)
    return found


def restore(scene: Scene, seeded: DemoWorld, snapshot: Snapshot) -> None:
    """Put it there, past every count; the tasks have yet to start."""
    first = _filled(snapshot, _names(scene, seeded))
    groups = aws_state.write_groups(scene, first["aws"], seeded.vpc.id)
    filled = _filled(first, {_group(name): id_ for name, id_ in groups.items()})
    aws_state.write(scene, filled["aws"])
    resources, teleport = scene.teleport.resources, filled["teleport"]
    for each in teleport["databases"]:
        resources.databases.put(ParseDict(each, DatabaseV3()))
    for each in teleport["tokens"]:
        resources.tokens.put(ParseDict(each, ProvisionTokenV2()))
    for each in teleport["integrations"]:
        resources.integrations.put(ParseDict(each, IntegrationV1()))
    uids: dict[str, str] = {}
    for obj in filled["objects"]:
        for owner in obj["metadata"].get("ownerReferences", ()):
            owner["uid"] = uids[owner["name"]]
        manager = FIELD_MANAGER if obj["kind"] == DATABASE_SERVICE_DEPLOYMENT.kind else USER
        uids[obj["metadata"]["name"]] = scene.namespace.restore(obj, manager)["metadata"]["uid"]


def _names(scene: Scene, seeded: DemoWorld) -> dict[str, str]:
    """What differs from world to world, by placeholder."""
    vpc = seeded.vpc
    names = {
        "<namespace>": scene.namespace.name,
        "<vpc>": vpc.id,
        "<agents-group>": vpc.agents_group,
        "<database-group>": vpc.database_group,
        **{f"<private-subnet-{index}>": id_ for index, id_ in enumerate(vpc.private_subnets)},
        **{f"<public-subnet-{index}>": id_ for index, id_ in enumerate(vpc.public_subnets)},
    }
    for database in (*seeded.instances, *seeded.clusters):
        names[f"<resource-{database.identifier}>"] = database.resource_id
        names[f"<host-{database.identifier}>"] = database.host
        if database.reader_host:
            names[f"<reader-{database.identifier}>"] = database.reader_host
    for name, id_ in aws_state.managed_groups(scene).items():
        names[_group(name.replace(vpc.id, "<vpc>"))] = id_
    return names


def _group(name: str) -> str:
    return f"<group {name}>"


def _filled(snapshot: Snapshot, names: Mapping[str, str]) -> Snapshot:
    text = json.dumps(snapshot)
    for name, value in names.items():
        text = text.replace(name, value)
    found: Snapshot = json.loads(text)
    return found


def _json(message: Any) -> Object:
    found: Object = MessageToDict(message, preserving_proto_field_name=True)
    return found


def _object(obj: Object) -> Object:
    metadata = {key: obj["metadata"][key] for key in _KEPT if key in obj["metadata"]}
    for owner in metadata.get("ownerReferences", ()):
        owner["uid"] = ""
    return {**{key: obj[key] for key in ("apiVersion", "kind", "spec", "status")}, "metadata": metadata}
