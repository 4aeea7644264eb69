"""Everything that the operator does in two accounts is allowed by the policies that are printed for its manifests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from rds_enrollment.api.kinds import AWS_OIDC_INTEGRATION, DATABASE_SERVICE_DEPLOYMENT
from rds_enrollment.plan.permissions.table import NEEDS, On

from hack.sandbox.aws.world import Vpc, World
from tests.cluster.kubernetes_api import Object
from tests.cluster.least_privilege import enforce
from tests.cluster.public_proxy import PublicProxy, public_proxy
from tests.cluster.scene import ACCOUNT, REGION, Scene

pytestmark = pytest.mark.slow

OTHER, FAR = "222222222222", "eu-central-1"
OPERATOR = f"arn:aws:iam::{OTHER}:role/operator"
PROVIDER = f"arn:aws:iam::{OTHER}:oidc-provider/teleport.example.com"
KEY = f"arn:aws:kms:{FAR}:{OTHER}:key/one"
TAGS = {"team": "data"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def manifest(scene: Scene, kind: str, name: str, **spec: Any) -> Object:
    metadata = {"name": name, "namespace": scene.namespace.name}
    return {"apiVersion": "rds-enrollment.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def deployment(scene: Scene, name: str, integration: str, region: str, vpc: Vpc, **spec: Any) -> Object:
    return manifest(
        scene,
        DATABASE_SERVICE_DEPLOYMENT.kind,
        name,
        integrationRef={"name": integration},
        region=region,
        vpcId=vpc.id,
        subnets={"selector": {"tags": {"tier": "private"}}},
        securityGroups={"managed": {}},
        databaseAccess="Manage",
        **spec,
    )


def world(aws: World, region: str, name: str) -> Vpc:
    tags = {"tier": "private"}
    vpc = aws.seed_vpc(region, name, private_tags=tags, agents_tags={"role": "teleport-agents"})
    aws.seed_instance(vpc, f"{name}-orders")
    return vpc


def manifests(scene: Scene, near: Vpc, far: Vpc) -> list[Object]:
    """Here all is retained in the end, there all goes; a boundary and an observed role are there, too."""
    boundary = f"arn:aws:iam::{OTHER}:policy/boundary"
    bounded = {"path": "/teams/", "permissionsBoundary": boundary}
    return [
        manifest(
            scene,
            "AwsOidcIntegration",
            "here",
            accountId=ACCOUNT,
            role={"name": "teleport-here"},
            deletionPolicy="Retain",
        ),
        manifest(
            scene,
            "AwsOidcIntegration",
            "there",
            accountId=OTHER,
            assumeRoleArn=OPERATOR,
            role={"name": "teleport-there", **bounded},
            tags=TAGS,
        ),
        *(
            manifest(
                scene,
                "RdsEnrollment",
                name,
                integrationRef={"name": name},
                regions=[region],
                databases={"selector": {"vpcIds": [vpc.id]}},
            )
            for name, region, vpc in (("here", REGION, near), ("there", FAR, far))
        ),
        deployment(scene, "near", "here", REGION, near, deletionPolicy="Retain", logs={"retentionDays": 30}),
        deployment(
            scene,
            "far",
            "there",
            FAR,
            far,
            taskRole=bounded,
            executionRole={"name": "starts-tasks", "managementPolicy": "Observe"},
            logs={"retentionDays": 30, "kmsKeyId": KEY},
            tags=TAGS,
        ),
    ]


def observed_role(iam: Any) -> None:
    iam.create_role(RoleName="starts-tasks", Path="/platform/", AssumeRolePolicyDocument=document(TRUST))
    made = iam.create_policy(PolicyName="logs", PolicyDocument=document(allow("logs:*")))
    iam.attach_role_policy(RoleName="starts-tasks", PolicyArn=made["Policy"]["Arn"])


def drift(other: World, vpc: Vpc) -> None:
    """What can be broken is broken: everything that is mended by a call of its own."""
    iam, ec2, ecs, logs = (other.client(name, FAR) for name in ("iam", "ec2", "ecs", "logs"))
    iam.update_assume_role_policy(RoleName="teleport-there", PolicyDocument=document(TRUST))
    iam.delete_role_permissions_boundary(RoleName="teleport-there")
    iam.tag_role(RoleName="teleport-there", Tags=[{"Key": "teleport.dev/origin", "Value": "elsewhere"}])
    iam.remove_client_id_from_open_id_connect_provider(
        OpenIDConnectProviderArn=PROVIDER, ClientID="discover.teleport"
    )
    iam.update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=PROVIDER, ThumbprintList=["f" * 40]
    )
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER, TagKeys=["teleport.dev/origin"])
    cluster = "example_teleport_sh-teleport"
    ecs.put_cluster_capacity_providers(
        cluster=cluster, capacityProviders=[], defaultCapacityProviderStrategy=[]
    )
    (arn,) = ecs.list_services(cluster=cluster)["serviceArns"]
    ecs.untag_resource(resourceArn=arn, tagKeys=["teleport.dev/origin"])
    ecs.update_service(cluster=cluster, service=f"database-service-{vpc.id}", desiredCount=1)
    marked = [{"Name": "tag-key", "Values": ["rds-enrollment.dev/owner"]}]
    (group,) = ec2.describe_security_groups(Filters=marked)["SecurityGroups"]
    name = group["GroupId"]
    ec2.revoke_security_group_egress(GroupId=name, IpPermissions=group["IpPermissionsEgress"])
    ec2.authorize_security_group_ingress(
        GroupId=name, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    ec2.delete_tags(Resources=[name], Tags=[{"Key": "teleport.dev/origin"}])
    (own,) = logs.describe_log_groups(logGroupNamePrefix=f"ecs-{cluster}/")["logGroups"]
    logs.delete_retention_policy(logGroupName=own["logGroupName"])
    logs.disassociate_kms_key(logGroupName=own["logGroupName"])
    logs.untag_resource(resourceArn=own["arn"].removesuffix(":*"), tagKeys=["teleport.dev/origin"])


@pytest.fixture
def proxy(scene: Scene) -> Iterator[PublicProxy]:
    """The certificates of the issuer can be looked at."""
    with public_proxy(scene.teleport) as running:
        yield running


def tagged(other: World) -> list[str]:
    """What carries the user's tag: roles, identity provider, ECS cluster, service and task definition, log group,
    security group and its rule."""
    iam, ec2, ecs, logs = (other.client(name, FAR) for name in ("iam", "ec2", "ecs", "logs"))
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    carried = {name: iam.list_role_tags(RoleName=name)["Tags"] for name in roles}
    carried[PROVIDER] = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER)["Tags"]
    (cluster,) = ecs.list_clusters()["clusterArns"]
    (service,) = ecs.list_services(cluster=cluster)["serviceArns"]
    (found,) = ecs.describe_services(cluster=cluster, services=[service])["services"]
    for arn in (cluster, service, found["taskDefinition"]):
        carried[arn] = ecs.list_tags_for_resource(resourceArn=arn)["tags"]
    for group in logs.describe_log_groups()["logGroups"]:
        arn = group["arn"].removesuffix(":*")
        tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
        carried[arn] = [{"key": key, "value": value} for key, value in tags.items()]
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        carried[group["GroupId"]] = group.get("Tags", [])
    for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
        carried[rule["SecurityGroupRuleId"]] = rule.get("Tags", [])
    user = ({"Key": "team", "Value": "data"}, {"key": "team", "value": "data"})
    return [name for name, tags in carried.items() if any(tag in tags for tag in user)]


def test_the_printed_policies_are_enough(scene: Scene, proxy: PublicProxy) -> None:
    other = World(scene.aws.url, OTHER)
    near, far = world(scene.world, REGION, "near"), world(other, FAR, "far")
    iam = other.client("iam", FAR)
    iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("*")))
    observed_role(iam)
    wanted = manifests(scene, near, far)
    enforce(scene, wanted)
    grants = scene.folder / "roles.yaml"
    allowed = [{"arn": OPERATOR, "externalId": "sesame"}]
    grants.write_text(yaml.safe_dump([{"namespaces": {"names": [scene.namespace.name]}, "roles": allowed}]))
    scene.start(RDS_ENROLLMENT_ASSUME_ROLES=str(grants), **proxy.settings)
    for item in wanted:
        scene.namespace.create(item)
    scene.wait_all_ready(6)

    drift(other, far)
    (own,) = scene.client("logs").describe_log_groups(logGroupNamePrefix="ecs-")["logGroups"]
    scene.client("logs").associate_kms_key(logGroupName=own["logGroupName"], kmsKeyId=KEY)
    for item in scene.namespace.objects():
        scene.reconcile(item)
    scene.wait_all_ready(6)

    assert len(tagged(other)) == 9
    change = {"spec": {"logs": {"retentionDays": None}, "tags": None}}
    scene.namespace.patch(DATABASE_SERVICE_DEPLOYMENT, "far", change)
    scene.namespace.patch(AWS_OIDC_INTEGRATION, "there", {"spec": {"tags": None}})
    for kind, name in ((AWS_OIDC_INTEGRATION, "there"), (DATABASE_SERVICE_DEPLOYMENT, "far")):
        assert "appliedTags" not in scene.reconcile(scene.namespace.get(kind, name))["status"]
    scene.wait_all_ready(6)
    assert tagged(other) == []

    scene.delete_all()
    scene.wait_gone()
    by_hand = {name for name, needs in NEEDS.items() if needs[0].on is On.BY_HAND}
    unseen = set(NEEDS) - scene.aws.calls.operations - by_hand
    assert unseen <= ELSEWHERE, sorted(unseen - ELSEWHERE)


ELSEWHERE = {
    "ec2:CreateNetworkInsightsPath",
    "ec2:DeleteNetworkInsightsAnalysis",
    "ec2:DeleteNetworkInsightsPath",
    "ec2:DescribeNetworkInsightsAnalyses",
    "ec2:DescribeNetworkInsightsPaths",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribePrefixLists",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:GetManagedPrefixListEntries",
    "ec2:StartNetworkInsightsAnalysis",
    "ecs:DescribeServiceRevisions",
    "ecs:ListServiceDeployments",
    "logs:GetLogEvents",
}
"""Of ways, rules and DHCP options that this network does not have, of databases that are not reached, of rollouts that
went back, and of agents that take long to connect: other tests have them."""
