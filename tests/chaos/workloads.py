"""The workloads: what a user does, and when it is done. One entry of `WORKLOADS` each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml
from rds_enrollment.api.kinds import KINDS, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld, World
from hack.sandbox.stack import ROOT
from tests.cluster.kubernetes_api import Namespace

REGION = "us-west-1"


@dataclass(frozen=True)
class Workload:
    """`seed` builds AWS before the operator starts and gives aliases of generated names (see `masks.Mask`)."""

    name: str
    region: str
    seed: Callable[[World], Mapping[str, str]]
    act: Callable[[Namespace], None]
    """What the user does while the operator starts."""
    done: Callable[[Namespace], bool]
    """Whether everything has come of it that shall come."""


def _seed_demo(world: World) -> Mapping[str, str]:
    return aliases(world.demo_world(REGION))


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
        named[database.resource_id] = f"<resource-{database.identifier}>"
        named[database.host] = f"<host-{database.identifier}>"
        if database.reader_host:
            named[database.reader_host] = f"<reader-host-{database.identifier}>"
    return named


def _apply_examples(namespace: Namespace) -> None:
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] in KINDS:
                namespace.create(document)


def _apply_with_groups_of_ours(namespace: Namespace) -> None:
    """The examples, but the agents' security group is made, and the databases are opened for it."""
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] == RDS_ENROLLMENT.kind:
                document["spec"]["deployment"] |= {
                    "securityGroups": {"managed": {}},
                    "databaseAccess": "Manage",
                }
            if document["kind"] in KINDS:
                namespace.create(document)


def all_true(objects: int) -> Callable[[Namespace], bool]:
    """There are so many objects, and every condition of every one is True."""

    def done(namespace: Namespace) -> bool:
        found = namespace.objects()
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


CREATE = Workload("create", REGION, _seed_demo, _apply_examples, all_true(3))

ACCESS = Workload("access", REGION, _seed_demo, _apply_with_groups_of_ours, all_true(3))
"""The main job with security groups: its other writes are those of `CREATE`."""

WORKLOADS: Mapping[str, Workload] = {workload.name: workload for workload in (CREATE, ACCESS)}
