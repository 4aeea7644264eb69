"""Where agents run, as chosen in a spec: what is made for them, what a change costs, and what it never touches."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, RDS_ENROLLMENT

from hack.sandbox.aws.world import DemoWorld
from hack.sandbox.gate import Cut, Write
from hack.sandbox.stack import OWNER_ID
from tests.cluster import inventory
from tests.cluster.kubernetes_api import condition
from tests.cluster.scene import ENROLLMENT, REGION, Scene

MANAGED: dict[str, Any] = {"managed": {}}
KINDS_OF_CHOICE = ("ids", "selector", "managed")
BY_TAG = {"selector": {"tags": {"role": "teleport-agents"}}}


@dataclass
class LosesOneAnswer:
    """A gate that lets writes take effect, cuts the first answer to one operation, and notes them all."""

    operation: str
    lost: bool = False
    writes: list[str] = field(default_factory=list)

    def before(self, write: Write) -> None:
        self.writes.append(f"{write.operation} {write.target}")

    def after(self, write: Write) -> None:
        if write.operation == self.operation and not self.lost:
            self.lost = True
            raise Cut


@pytest.fixture
def gate(scene: Scene, seeded: DemoWorld) -> Iterator[LosesOneAnswer]:
    scene.wait_idle()
    gate = LosesOneAnswer("ec2:CreateSecurityGroup")
    scene.aws.gate = gate
    yield gate
    scene.aws.gate = None


def choose(scene: Scene, field: str, chosen: Any) -> None:
    """Change the enrolment's template and wait until its deployment has converged."""
    value = {**dict.fromkeys(KINDS_OF_CHOICE), **chosen} if isinstance(chosen, dict) else chosen
    scene.namespace.patch(RDS_ENROLLMENT, ENROLLMENT, {"spec": {"deployment": {field: value}}})
    scene.wait(lambda: scene.deployment["spec"].get(field) == chosen, "the deployment is told")
    scene.wait_all_ready()
    scene.wait_idle()


def groups_of_ours(scene: Scene, vpc: str) -> list[dict[str, Any]]:
    """Security groups of a VPC with an owner's mark."""
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "tag-key", "Values": [OWNER_MARK]}]
    found: list[dict[str, Any]] = scene.client("ec2").describe_security_groups(Filters=filters)[
        "SecurityGroups"
    ]
    return found


def network_of(scene: Scene) -> dict[str, Any]:
    """The service's network, as ECS tells it."""
    (service,) = inventory.services(scene)
    network: dict[str, Any] = service["networkConfiguration"]["awsvpcConfiguration"]
    return network


def test_a_security_group_of_its_own(scene: Scene, seeded: DemoWorld, gate: LosesOneAnswer) -> None:
    vpc, ec2, teleport = seeded.vpc, scene.client("ec2"), len(scene.teleport.writes)

    # Made once although the first answer is lost; the service follows in one rollout.
    choose(scene, "securityGroups", MANAGED)
    assert gate.lost
    assert {write.split()[0] for write in gate.writes} == {"ec2:CreateSecurityGroup", "ecs:UpdateService"}
    assert len([write for write in gate.writes if write.startswith("ecs:")]) == 1
    [group] = groups_of_ours(scene, vpc.id)
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    assert tags == {
        "teleport.dev/cluster": "example.teleport.sh",
        "teleport.dev/origin": "integration_awsoidc",
        "teleport.dev/integration": "prod-aws",
        OWNER_MARK: f"{OWNER_ID}/dbsvc/{scene.namespace.name}/{REGION}-{vpc.id}",
    }
    assert group["IpPermissions"] == []
    assert network_of(scene)["securityGroups"] == [group["GroupId"]]

    # Every drift is one write.
    gate.writes.clear()
    name = group["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=name, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    ec2.revoke_security_group_egress(GroupId=name, IpPermissions=group["IpPermissionsEgress"])
    ec2.delete_tags(Resources=[name], Tags=[{"Key": "teleport.dev/origin"}])
    scene.reconcile(scene.deployment)
    assert sorted(gate.writes) == [
        f"ec2:AuthorizeSecurityGroupEgress {name}",
        f"ec2:CreateTags {name}",
        f"ec2:RevokeSecurityGroupIngress {name}",
    ]
    [mended] = groups_of_ours(scene, vpc.id)
    assert mended["IpPermissionsEgress"] == group["IpPermissionsEgress"]
    assert mended["IpPermissions"] == []

    # Not asked for any more: the service first, then the group once no task has it.
    gate.writes.clear()
    choose(scene, "securityGroups", BY_TAG)
    assert network_of(scene)["securityGroups"] == [vpc.agents_group]

    def gone() -> bool:
        scene.reconcile(scene.deployment)
        return groups_of_ours(scene, vpc.id) == []

    scene.wait(gone, "the group is gone")
    assert [write.split()[0] for write in gate.writes] == ["ecs:UpdateService", "ec2:DeleteSecurityGroup"]
    assert len(scene.teleport.writes) == teleport


@pytest.mark.slow
def test_a_deletion_takes_the_group_along_once_nobody_names_it(scene: Scene, seeded: DemoWorld) -> None:
    vpc, ec2 = seeded.vpc, scene.client("ec2")
    choose(scene, "securityGroups", MANAGED)
    [group] = groups_of_ours(scene, vpc.id)
    rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group["GroupId"]}]}]
    ec2.authorize_security_group_ingress(GroupId=vpc.database_group, IpPermissions=rule)

    deployment = scene.deployment["metadata"]["name"]
    scene.delete_all()
    told = scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, deployment, "NetworkReady", "False", "InUse")
    assert vpc.database_group in told["message"]
    assert condition(scene.deployment, "Ready")["status"] == "False"

    ec2.revoke_security_group_ingress(GroupId=vpc.database_group, IpPermissions=rule)
    scene.wait_gone()
    assert groups_of_ours(scene, vpc.id) == []
    assert {
        group["GroupName"]
        for group in ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc.id]}])[
            "SecurityGroups"
        ]
    } == {"default", "demo-agents", "demo-databases"}


@pytest.mark.slow
def test_public_addresses_where_they_are_asked_for_or_needed(
    scene: Scene, seeded: DemoWorld, gate: LosesOneAnswer
) -> None:
    """Behind a NAT gateway they are not needed. No change of the network touches a `db` object."""
    teleport = len(scene.teleport.writes)
    assert network_of(scene)["assignPublicIp"] == "DISABLED"

    for chosen, asked in (("Enabled", "ENABLED"), ("Auto", "DISABLED"), ("Enabled", "ENABLED")):
        gate.writes.clear()
        choose(scene, "assignPublicIp", chosen)
        assert network_of(scene)["assignPublicIp"] == asked
        assert [write.split()[0] for write in gate.writes] == ["ecs:UpdateService"]

    # As a former release has left it: no rollout for this alone, and none of these addresses after the next one.
    gate.writes.clear()
    choose(scene, "assignPublicIp", None)
    scene.reconcile(scene.deployment)
    assert gate.writes == []
    choose(scene, "subnets", {"ids": [seeded.vpc.private_subnets[0]]})
    assert network_of(scene)["assignPublicIp"] == "DISABLED"
    assert condition(scene.deployment, "NetworkReady")["reason"] == "SingleAvailabilityZone"
    warnings = [event for event in scene.namespace.events() if event["reason"] == "SingleAvailabilityZone"]
    assert [event["type"] for event in warnings] == ["Warning"]

    choose(scene, "subnets", {"selector": {"tags": {"tier": "public"}}})
    assert network_of(scene)["assignPublicIp"] == "ENABLED"
    assert [write.split()[0] for write in gate.writes] == ["ecs:UpdateService", "ecs:UpdateService"]
    assert len(scene.teleport.writes) == teleport


def inbound(scene: Scene, group: str) -> set[tuple[int, str, bool]]:
    """Port, peer and whether it is ours, of each inbound rule of a group."""
    rules = scene.client("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    return {
        (
            rule["FromPort"],
            rule.get("ReferencedGroupInfo", {}).get("GroupId") or rule["CidrIpv4"],
            OWNER_MARK in {tag["Key"] for tag in rule.get("Tags", ())},
        )
        for rule in rules
        if not rule["IsEgress"]
    }


@pytest.mark.slow
def test_databases_let_the_agents_in(scene: Scene, seeded: DemoWorld, gate: LosesOneAnswer) -> None:
    """Told first, then opened by one rule for each port, and shut again; rules of others stay as they are."""
    vpc, ec2, teleport = seeded.vpc, scene.client("ec2"), len(scene.teleport.writes)
    databases, theirs = vpc.database_group, inbound(scene, vpc.database_group)
    choose(scene, "securityGroups", MANAGED)
    name = scene.deployment["metadata"]["name"]
    [group] = groups_of_ours(scene, vpc.id)
    agents = group["GroupId"]

    told = scene.wait_condition(
        DATABASE_SERVICE_DEPLOYMENT, name, "DatabaseAccessAllowed", "False", "InboundRuleMissing"
    )
    for port in (3306, 5432):
        assert f"FromPort={port},ToPort={port},UserIdGroupPairs=[{{GroupId={agents}}}]" in told["message"]
    listed = scene.deployment["status"]["missingInboundRules"]
    assert [(rule["securityGroupId"], rule["port"]) for rule in listed] == [
        (databases, port) for port in (3306, 5432)
    ]
    assert all(rule["command"] in told["message"] for rule in listed)
    assert inbound(scene, databases) == theirs

    # One rule for each port although the first answer is lost; the agents get through.
    gate.operation, gate.lost = "ec2:AuthorizeSecurityGroupIngress", False
    gate.writes.clear()
    choose(scene, "databaseAccess", "Manage")
    scene.wait_condition(DATABASE_SERVICE_DEPLOYMENT, name, "DatabaseAccessAllowed", "True")
    assert gate.lost
    assert inbound(scene, databases) == theirs | {(3306, agents, True), (5432, agents, True)}
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesReachable", "True")

    # A rule that somebody takes away comes back at the cost of one write.
    gate.writes.clear()
    rule = [
        {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": [{"GroupId": agents}]}
    ]
    ec2.revoke_security_group_ingress(GroupId=databases, IpPermissions=rule)
    scene.wait_condition(RDS_ENROLLMENT, ENROLLMENT, "DatabasesReachable", "False")
    scene.reconcile(scene.deployment)
    assert gate.writes == [f"ec2:AuthorizeSecurityGroupIngress {databases}"]
    assert (3306, agents, True) in inbound(scene, databases)
    assert len(scene.teleport.writes) == teleport

    # The last database of a port takes its rule along; the end of the deployment takes the rest.
    scene.client("rds").delete_db_instance(DBInstanceIdentifier="billing", SkipFinalSnapshot=True)
    scene.reconcile(scene.enrollment)
    scene.reconcile(scene.deployment)
    assert inbound(scene, databases) == theirs | {(5432, agents, True)}
    scene.aws.gate = None
    scene.delete_all()
    scene.wait_gone()
    assert inbound(scene, databases) == theirs
    assert groups_of_ours(scene, vpc.id) == []
