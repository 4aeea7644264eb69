"""The workloads that begin with nothing: what AWS holds, what a user does, and when it is done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from rds_enrollment.api.kinds import KINDS, RDS_ENROLLMENT

from hack.sandbox.aws.world import Database, DemoWorld, World
from hack.sandbox.stack import ROOT
from hack.sandbox.teleport.server import TeleportSandbox
from tests.chaos.stage import Stage

REGION = "us-west-1"


def seed_demo(world: World, _: TeleportSandbox) -> DemoWorld:
    """What the examples are about, and nothing of the operator's."""
    return world.demo_world(REGION)


@dataclass(frozen=True)
class Workload:
    """What is done to a stage."""

    name: str
    act: Callable[[Stage], None]
    """What the user does while the operator starts, or after what was done before."""
    done: Callable[[Stage], bool]
    """Whether everything has come of it that shall come."""
    seed: Callable[[World, TeleportSandbox], DemoWorld] = seed_demo
    """Builds AWS and Teleport before the operator starts, for a workload that begins with nothing."""
    ends_ready: bool = True
    """Whether each object has to say Ready=True. Whether one that goes still does on its way is a question of time."""


def aliases(seeded: DemoWorld) -> Mapping[str, str]:
    """Names for the generated parts of a demo world. Subnets are numbered in the order of their ids, as the operator
    lists them."""
    vpc = seeded.vpc
    named = {vpc.id: "<vpc>", vpc.agents_group: "<agents-group>", vpc.database_group: "<database-group>"}
    for number, subnet in enumerate(sorted(vpc.private_subnets)):
        named[subnet] = f"<private-subnet-{number}>"
    for number, subnet in enumerate(sorted(vpc.public_subnets)):
        named[subnet] = f"<public-subnet-{number}>"
    for database in (*seeded.instances, *seeded.clusters):
        named.update(aliases_of(database))
    return named


def aliases_of(database: Database) -> Mapping[str, str]:
    """Names for the generated parts of one database."""
    named = {
        database.resource_id: f"<resource-{database.identifier}>",
        database.host: f"<host-{database.identifier}>",
    }
    if database.reader_host:
        named[database.reader_host] = f"<reader-host-{database.identifier}>"
    return named


def examples() -> Iterator[dict[str, Any]]:
    """The objects of the operator's kinds in `examples/`."""
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        yield from (each for each in yaml.safe_load_all(path.read_text()) if each["kind"] in KINDS)


def _apply_examples(stage: Stage) -> None:
    for document in examples():
        stage.namespace.create(document)


def _apply_with_groups_of_ours(stage: Stage) -> None:
    """The examples, but the agents' security group is made, and the databases are opened for it."""
    for document in examples():
        if document["kind"] == RDS_ENROLLMENT.kind:
            document["spec"]["deployment"] |= {"securityGroups": {"managed": {}}, "databaseAccess": "Manage"}
        stage.namespace.create(document)


def all_true(objects: int) -> Callable[[Stage], bool]:
    """There are so many objects, and every condition of every one is True."""

    def done(stage: Stage) -> bool:
        found = stage.namespace.objects()
        conditions = [
            (obj["metadata"]["generation"], condition)
            for obj in found
            for condition in obj.get("status", {}).get("conditions", ())
        ]
        reported = all(obj.get("status", {}).get("conditions") for obj in found)
        # Reconciling is there, and True, as long as Ready is not.
        true = all(
            condition["status"] == "True"
            and condition["type"] != "Reconciling"
            and condition["observedGeneration"] == generation
            for generation, condition in conditions
        )
        return len(found) == objects and reported and true

    return done


CREATE = Workload("create", _apply_examples, all_true(3))

ACCESS = Workload("access", _apply_with_groups_of_ours, all_true(3))
"""The main job with security groups: its other writes are those of `CREATE`."""
