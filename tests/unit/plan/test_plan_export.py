"""Manifests of what the wizard made: what is said of each thing, and what is left out."""

from dataclasses import replace
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.plan import agent_config
from rds_enrollment.plan.export import Exported, Found, FoundService, export
from rds_enrollment.plan.observed.aws import EcsService, Role, TaskDefinition
from rds_enrollment.plan.observed.teleport import (
    Database,
    Integration,
    JoinToken,
    RdsMetadata,
    TeleportCluster,
)
from rds_enrollment.plan.ownership import teleport_tags

from tests.unit.plan.deployment.build import SERVICE_SEEN

ACCOUNT, REGION, VPC = "123456789012", "us-west-1", "vpc-0123456789abcdef0"
CLUSTER = TeleportCluster("example.teleport.sh", "18.7.0", "p:443", cloud=False)
TAGS = teleport_tags(CLUSTER.name, "prod")
TOKEN = JoinToken("discover-aws-oidc-iam-token", "iam", frozenset({"Db"}), frozenset())
INTEGRATION = Integration("prod", "aws-oidc", f"arn:aws:iam::{ACCOUNT}:role/teams/teleport")
ROLE = Role("teleport", INTEGRATION.role_arn, "/teams/", {}, TAGS, {})
DATABASE = Database(
    "orders",
    "",
    {"teleport.dev/origin": "dynamic"},
    "postgres",
    "h:1",
    REGION,
    ACCOUNT,
    RdsMetadata(cluster_id="orders", instance_id="orders-1"),
)


def body(**changed: Any) -> dict[str, Any]:
    labels = {**agent_config.matcher_labels(ACCOUNT, REGION, VPC), "team": "data"}
    config = agent_config.agent_config(
        proxy_address="p:443", join_token=TOKEN.name, labels=labels, log_severity="debug"
    )
    container = {
        "image": f"public.ecr.aws/gravitational/teleport-distroless:{changed.pop('version', '18.7.0')}",
        "command": agent_config.command(config),
    }
    return {
        "cpu": "2048",
        "memory": "4096",
        "taskRoleArn": "TeleportDatabaseAccess",
        "executionRoleArn": "TeleportDatabaseAccess",
        "containerDefinitions": [container],
        **changed,
    }


def service(name: str = f"database-service-{VPC}", vpc: str = VPC, **changed: Any) -> FoundService:
    seen: EcsService = replace(SERVICE_SEEN, name=name, tags=changed.pop("tags", TAGS))
    return FoundService(REGION, seen, TaskDefinition("arn", "f", 1, "ACTIVE", body(**changed), TAGS), vpc)


def exported(**fields: Any) -> list[Exported]:
    found: dict[str, Any] = {
        "cluster": CLUSTER,
        "account": ACCOUNT,
        "regions": (REGION,),
        "integrations": (INTEGRATION,),
        "roles": {ROLE.name: ROLE},
        "services": (),
        "databases": (),
        "tokens": (TOKEN,),
    }
    result = export(Found(**{**found, **fields}), "teleport")
    for item in result:
        KINDS[item.manifest["kind"]].model.model_validate(item.manifest)
    return result


def test_an_integration_of_tags_and_one_without() -> None:
    [tagged] = exported()
    assert tagged.manifest["spec"] == {
        "accountId": ACCOUNT,
        "role": {"name": "teleport", "path": "/teams/"},
        "adoptionPolicy": "IfTagged",
    }
    [untagged] = exported(roles={ROLE.name: replace(ROLE, tags={})})
    assert untagged.manifest["spec"]["adoptionPolicy"] == "Always"
    assert "no tags of Teleport" in untagged.notes[0]


@pytest.mark.parametrize(
    "changed",
    [{"labels": {OWNER_MARK: "a/b/c/d"}}, {"role_arn": "arn:aws:iam::210987654321:role/r"}, {"role_arn": ""}],
)
def test_what_is_somebody_elses_is_left_out(changed: dict[str, Any]) -> None:
    assert exported(integrations=(replace(INTEGRATION, **changed),)) == []


def test_databases_by_their_identifiers() -> None:
    marked = replace(DATABASE, labels={**DATABASE.labels, OWNER_MARK: "a/b/c/d"})
    elsewhere, discovered = replace(DATABASE, region="eu-west-1"), replace(DATABASE, labels={})
    instance = replace(DATABASE, rds=RdsMetadata(instance_id="billing"))
    [_, enrollment] = exported(databases=(DATABASE, instance, elsewhere))
    assert enrollment.manifest["spec"]["databases"]["identifiers"] == [
        {"kind": "Cluster", "name": "orders", "region": REGION},
        {"kind": "Instance", "name": "billing", "region": REGION},
    ]
    assert len(exported(databases=(marked, discovered))) == 1


def test_a_service_as_it_runs() -> None:
    [_, plain] = exported(services=(service(),))
    spec = plain.manifest["spec"]
    assert spec["taskRole"] == {"name": "TeleportDatabaseAccess", "managementPolicy": "Observe"}
    assert spec["joinToken"] == {"name": TOKEN.name}
    assert spec["logs"] == {"level": "DEBUG"}
    assert spec["databaseLabels"] == {"team": "data"}
    assert spec.keys().isdisjoint({"executionRole", "resources", "version"})
    [_, other] = exported(
        services=(service(cpu="1024", memory="2048", executionRoleArn="arn:x:role/e", version="18.1.0"),),
        tokens=(),
    )
    spec = other.manifest["spec"]
    assert spec["executionRole"] == {"name": "e", "managementPolicy": "Observe"}
    assert spec["resources"] == {"cpuUnits": 1024, "memoryMiB": 2048}
    assert spec["version"] == {"policy": "Pinned", "pinned": "18.1.0"}
    assert any("does not exist" in note for note in other.notes)
    assert len(exported(services=(service(tags={**TAGS, OWNER_MARK: "a/b/c/d"}),))) == 1


def test_the_older_single_service_gets_a_successor_where_its_vpc_has_none() -> None:
    legacy = service("example_teleport_sh-teleport-database-service")
    [_, successor] = exported(services=(legacy,))
    assert "joinToken" not in successor.manifest["spec"]
    assert "Delete that service" in successor.notes[0]
    [_, own] = exported(services=(legacy, service()))
    assert "joinToken" in own.manifest["spec"]
