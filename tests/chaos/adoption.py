"""Adoption: the operator takes over what Teleport's wizard made and left running."""

from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.common import API_VERSION
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT, Kind

from hack.sandbox.aws.world import DemoWorld, World
from hack.sandbox.teleport.server import TeleportSandbox
from tests.chaos.stage import Stage
from tests.chaos.workloads import REGION, Workload, all_true
from tests.cluster import wizard
from tests.cluster.scene import ACCOUNT, INTEGRATION

_ADOPTING = {"adoptionPolicy": "IfTagged"}
_LINK = {"integrationRef": {"name": INTEGRATION}}


@dataclass(frozen=True)
class _Place:
    """Where the wizard works."""

    world: World
    teleport: TeleportSandbox

    def client(self, service: str) -> Any:
        return self.world.client(service, REGION)


def _seed(world: World, teleport: TeleportSandbox) -> DemoWorld:
    demo, place = world.demo_world(REGION), _Place(world, teleport)
    wizard.make_trust(place)
    wizard.make_role(place)
    wizard.make_token(place)
    wizard.make_database(place, demo.vpc)
    wizard.make_service(place, demo.vpc)
    return demo


def _adopt(stage: Stage) -> None:
    """What `rds-enrollment export` prints, but that the deployment gets a role and a join token of its own."""
    vpc = stage.demo.vpc
    trust = {"accountId": ACCOUNT, "role": {"name": "teleport-prod-aws"}}
    databases = {
        "regions": [REGION],
        "databases": {"identifiers": [{"kind": "Instance", "name": "orders", "region": REGION}]},
    }
    deployment = {
        "region": REGION,
        "vpcId": vpc.id,
        "subnets": {"ids": sorted(vpc.private_subnets)},
        "securityGroups": {"ids": [vpc.agents_group]},
        "assignPublicIp": "Enabled",
        "logs": {"level": "DEBUG"},
    }
    _create(stage, AWS_OIDC_INTEGRATION, INTEGRATION, trust)
    _create(stage, RDS_ENROLLMENT, INTEGRATION, databases | _LINK)
    _create(stage, DATABASE_SERVICE_DEPLOYMENT, f"{REGION}-{vpc.id}", deployment | _LINK)


def _create(stage: Stage, kind: Kind, name: str, spec: dict[str, Any]) -> None:
    document = {"apiVersion": API_VERSION, "kind": kind.kind, "metadata": {"name": name}}
    stage.namespace.create({**document, "spec": {**spec, **_ADOPTING}})


ADOPT = Workload("adopt", _adopt, all_true(3), _seed)
