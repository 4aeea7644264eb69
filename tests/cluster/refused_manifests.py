"""Manifests that the API server refuses, what it says, and the nearest ones that it accepts."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rds_enrollment.api.common import API_VERSION
from rds_enrollment.api.kinds import KINDS

Manifest = dict[str, Any]

ABSENT = object()

VPC = "vpc-0123456789abcdef0"
BY_ID = {
    "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
    "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
}
SPECS: Mapping[str, Manifest] = {
    "AwsOidcIntegration": {"accountId": "123456789012", "role": {"name": "teleport-prod-aws"}},
    "RdsEnrollment": {
        "integrationRef": {"name": "prod-aws"},
        "regions": ["us-west-1"],
        "databases": {"all": {}},
        "deployment": BY_ID,
    },
    "DatabaseServiceDeployment": {
        "integrationRef": {"name": "prod-aws"},
        "region": "us-west-1",
        "vpcId": VPC,
    }
    | BY_ID,
}


def manifest(kind: str, changes: Mapping[str, Any] | None = None) -> Manifest:
    """A valid object with the fields at dotted paths replaced, or removed where the value is ABSENT."""
    result: Manifest = {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": "some"},
        "spec": copy.deepcopy(SPECS[kind]),
    }
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        target = result
        for parent in parents:
            target = target.setdefault(parent, {})
        if value is ABSENT:
            target.pop(last, None)
        else:
            target[last] = value
    return result


@dataclass(frozen=True)
class Case:
    """A field with a value that is refused, what the API server then says, and the nearest one it accepts."""

    kind: str
    path: str
    refused: Any
    message: str
    accepted: Any


def tags(count: int) -> dict[str, str]:
    return {f"key-{number}": "value" for number in range(count)}


def identifiers(region: str) -> dict[str, Any]:
    return {"identifiers": [{"kind": "Instance", "name": "orders", "region": region}]}


INTEGRATION, ENROLLMENT, DEPLOYMENT = KINDS
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
CASES = {
    # Root rules
    "name too long": Case(
        DEPLOYMENT,
        "metadata.name",
        "n" * 64,
        "metadata.name must have at most 63 characters: it becomes part of a tag value in AWS",
        "n" * 63,
    ),
    "name no integration name": Case(
        INTEGRATION,
        "metadata.name",
        "1st.prod",
        "metadata.name is no name that Teleport takes for an integration (lower-case letters, digits and"
        " hyphens, beginning with a letter): set spec.integrationName",
        "first-prod",
    ),
    "analyzer that is always on": Case(
        DEPLOYMENT,
        "spec.diagnostics",
        {"reachabilityAnalyzer": "Always"},
        'spec.diagnostics.reachabilityAnalyzer: Unsupported value: "Always"',
        {"reachabilityAnalyzer": "OnFailure", "maxAnalysesPerDay": 20},
    ),
    "more analyses than are remembered": Case(
        ENROLLMENT,
        "spec.deployment.diagnostics",
        {"maxAnalysesPerDay": 21},
        "spec.deployment.diagnostics.maxAnalysesPerDay in body should be less than or equal to 20",
        {"reachabilityAnalyzer": "Disabled", "maxAnalysesPerDay": 1},
    ),
    # AwsOidcIntegration
    "account id not quoted": Case(
        INTEGRATION,
        "spec.accountId",
        123456789012,
        "spec.accountId in body must be of type string",
        "123456789012",
    ),
    "account id too short": Case(
        INTEGRATION,
        "spec.accountId",
        "12345",
        "spec.accountId in body should match '^[0-9]{12}$'",
        "000000000000",
    ),
    "integration name": Case(
        INTEGRATION,
        "spec.integrationName",
        "Prod",
        "spec.integrationName in body should match '^[a-z]([-a-z0-9]*[a-z0-9])?$'",
        "prod",
    ),
    "role missing": Case(INTEGRATION, "spec.role", {}, "spec.role.name: Required value", {"name": "r"}),
    "role by ARN": Case(
        INTEGRATION,
        "spec.role.name",
        "arn:aws:iam::123456789012:role/teleport",
        "spec.role.name in body should match '^[A-Za-z0-9_+=,.@-]+$'",
        "teleport",
    ),
    "role path": Case(INTEGRATION, "spec.role.path", "teams", "spec.role.path in body should match", "/"),
    "boundary that is no policy": Case(
        INTEGRATION,
        "spec.role.permissionsBoundary",
        "arn:aws:iam::123456789012:role/boundary",
        "spec.role.permissionsBoundary in body should match",
        "arn:aws-us-gov:iam::123456789012:policy/teams/boundary",
    ),
    "boundary of an observed role": Case(
        INTEGRATION,
        "spec.role",
        {"name": "r", "managementPolicy": "Observe", "permissionsBoundary": BOUNDARY},
        "permissionsBoundary goes with managementPolicy Manage: an observed role is not changed",
        {"name": "r", "managementPolicy": "Manage", "permissionsBoundary": BOUNDARY},
    ),
    "identity provider half managed": Case(
        INTEGRATION,
        "spec.identityProvider.managementPolicy",
        "Adopt",
        'spec.identityProvider.managementPolicy: Unsupported value: "Adopt"',
        "Observe",
    ),
    "role to assume of another account": Case(
        INTEGRATION,
        "spec.assumeRoleArn",
        "arn:aws:iam::222222222222:role/operator",
        "assumeRoleArn names a role of accountId",
        "arn:aws:iam::123456789012:role/teams/operator",
    ),
    "selector of namespaces that none asks for": Case(
        INTEGRATION,
        "spec.allowedNamespaces",
        {"from": "All", "selector": {"matchLabels": {"team": "data"}}},
        "selector goes with from Selector, and only with it",
        {"from": "Selector", "selector": {"matchLabels": {"team": "data"}}},
    ),
    # Common
    "deletion by halves": Case(
        ENROLLMENT,
        "spec.deletionPolicy",
        "Keep",
        'spec.deletionPolicy: Unsupported value: "Keep"',
        "Retain",
    ),
    "adoption by halves": Case(
        INTEGRATION,
        "spec.adoptionPolicy",
        "Sometimes",
        'spec.adoptionPolicy: Unsupported value: "Sometimes"',
        "IfTagged",
    ),
    "resync too often": Case(INTEGRATION, "spec.resyncPeriod", "9s", "must be between 10s and 24h", "10s"),
    "resync too seldom": Case(
        ENROLLMENT, "spec.resyncPeriod", "24h1s", "must be between 10s and 24h", "23h59m60s"
    ),
    "resync in days": Case(
        DEPLOYMENT,
        "spec.resyncPeriod",
        "1d",
        "spec.resyncPeriod in body should match '^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$'",
        "24h",
    ),
    "too many tags": Case(
        DEPLOYMENT, "spec.tags", tags(41), "Too many: 41: must have at most 40 items", tags(40)
    ),
    "tag key": Case(
        ENROLLMENT,
        "spec.tags",
        {"cost*": "1"},
        "a tag key has 1 to 128 characters: letters, digits, spaces and _ . : / = + - @",
        {"k" * 128: "Größe 1"},
    ),
    "tag key too long": Case(
        ENROLLMENT, "spec.tags", {"k" * 129: ""}, "a tag key has 1 to 128 characters", {"k": ""}
    ),
    "tag value": Case(
        ENROLLMENT,
        "spec.tags",
        {"team": "a&b"},
        r"spec.tags.team in body should match '^[\p{L}\p{Z}\p{N}_.:/=+@-]*$'",
        {"team": "a+b"},
    ),
    "tag of AWS": Case(
        INTEGRATION,
        "spec.tags",
        {"AWS:name": "x"},
        "tag keys that begin with aws: are reserved by AWS; use another prefix",
        {"aws-name": "x"},
    ),
    "tag of Teleport": Case(
        DEPLOYMENT,
        "spec.tags",
        {"Teleport.dev/origin": "x"},
        "tag keys that begin with teleport.dev/ or rds-enrollment.dev/ are set by the operator; use another prefix",
        {"example.com/origin": "x"},
    ),
    "tag of ours": Case(
        DEPLOYMENT,
        "spec.tags",
        {"rds-enrollment.dev/owner": "me"},
        "are set by the operator",
        {"owner": "me"},
    ),
    "tags that differ by case": Case(
        INTEGRATION,
        "spec.tags",
        {"Team": "a", "team": "b"},
        "tag keys must differ in more than upper and lower case: IAM takes them for the same",
        {"team": "a", "team2": "b"},
    ),
    # RdsEnrollment
    "no region": Case(
        ENROLLMENT, "spec.regions", [], "spec.regions in body should have at least 1 items", ["eu-west-1"]
    ),
    "zone for a region": Case(
        ENROLLMENT,
        "spec.regions",
        ["us-west-1a"],
        "spec.regions[0] in body should match '^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$'",
        ["us-gov-west-1", "eusc-de-east-1"],
    ),
    "region twice": Case(
        ENROLLMENT,
        "spec.regions",
        ["us-west-1", "us-west-1"],
        'spec.regions[1]: Duplicate value: "us-west-1"',
        ["us-west-1", "us-west-2"],
    ),
    "no choice of databases": Case(
        ENROLLMENT, "spec.databases", {}, "set exactly one of all, identifiers and selector", {"all": {}}
    ),
    "two choices of databases": Case(
        ENROLLMENT,
        "spec.databases",
        {"all": {}} | identifiers("us-west-1"),
        "set exactly one of all, identifiers and selector",
        identifiers("us-west-1"),
    ),
    "empty selector": Case(
        ENROLLMENT,
        "spec.databases",
        {"selector": {}},
        "set at least one of vpcIds, engines and tags; for every database write all: {}",
        {"selector": {"engines": ["mysql"]}},
    ),
    "unknown engine": Case(
        ENROLLMENT,
        "spec.databases",
        {"selector": {"engines": ["oracle-ee"]}},
        'Unsupported value: "oracle-ee"',
        {"selector": {"engines": ["mariadb"], "vpcIds": [VPC], "tags": {"team": "shop"}}},
    ),
    "label key": Case(
        ENROLLMENT,
        "spec.labels",
        {"cost center": "1"},
        "a label key has 1 to 128 characters: letters, digits and / . _ : * -",
        {"cost-center": "1"},
    ),
    "computed label": Case(
        ENROLLMENT,
        "spec.labels",
        {"vpc-id": VPC},
        "account-id, region, vpc-id, engine, engine-version, endpoint-type, status and keys that begin with"
        " teleport.dev/, teleport.internal/, rds-enrollment.dev/ are set by the operator; use other keys",
        {"vpc": VPC},
    ),
    "label of Teleport's": Case(
        ENROLLMENT,
        "spec.labels",
        {"teleport.dev/origin": "cloud"},
        "are set by the operator; use other keys",
        {"example.com/origin": "cloud"},
    ),
    "too many stars": Case(
        ENROLLMENT,
        "spec.tagLabels",
        {"include": ["a*b*c*d*"]},
        "spec.tagLabels.include[0] in body should match",
        {"include": ["a*b*c*", "team"], "exclude": ["aws:*"]},
    ),
    "certificate that is none": Case(
        ENROLLMENT,
        "spec.tls",
        {"caCertificate": "/etc/ca.pem"},
        "spec.tls.caCertificate in body should match",
        {"caCertificate": "-----BEGIN CERTIFICATE-----\n", "mode": "VerifyCa", "systemCertPool": "Trusted"},
    ),
    "unknown strategy": Case(
        ENROLLMENT,
        "spec.naming",
        {"strategy": "Random"},
        'Unsupported value: "Random"',
        {"strategy": "Qualified"},
    ),
    "grace period too long": Case(
        ENROLLMENT,
        "spec.deployment.emptyVpcGracePeriod",
        "73h",
        "must be between 0s and 72h",
        "0s",
    ),
    "one VPC twice": Case(
        ENROLLMENT,
        "spec.deployment.perVpc",
        [{"vpcId": VPC, "replicas": 1}, {"vpcId": VPC, "replicas": 3}],
        "spec.deployment.perVpc[1]: Duplicate value",
        [{"vpcId": VPC, "replicas": 3, "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]}}],
    ),
    "identifier elsewhere": Case(
        ENROLLMENT,
        "spec.databases",
        identifiers("eu-west-1"),
        "the region of an identifier must be one of spec.regions",
        {"identifiers": [{"kind": "Cluster", "name": "orders"}]},
    ),
    "identifier without kind": Case(
        ENROLLMENT,
        "spec.databases",
        {"identifiers": [{"name": "orders"}]},
        "spec.databases.identifiers[0].kind: Required value",
        {"identifiers": [{"name": "orders", "kind": "Cluster"}]},
    ),
    "unknown kind of database": Case(
        ENROLLMENT,
        "spec.databases",
        {"identifiers": [{"kind": "Proxy", "name": "orders"}]},
        'Unsupported value: "Proxy": supported values: "Instance", "Cluster"',
        {"identifiers": [{"kind": "Instance", "name": "orders-1"}]},
    ),
    "reader alone": Case(
        ENROLLMENT,
        "spec.endpoints",
        ["Reader"],
        "endpoints must contain Primary; Reader and Custom come on top of it",
        ["Reader", "Primary"],
    ),
    "too many deployments": Case(
        ENROLLMENT,
        "spec.deployment.maxDeployments",
        101,
        "spec.deployment.maxDeployments in body should be less than or equal to 100",
        100,
    ),
    # DatabaseServiceDeployment, and the template of an enrolment
    "subnets by id and tag": Case(
        DEPLOYMENT,
        "spec.subnets",
        BY_ID["subnets"] | {"selector": {"tags": {"tier": "private"}}},
        "set exactly one of ids and selector",
        {"selector": {"tags": {"tier": "private"}}},
    ),
    "no choice of security groups": Case(
        ENROLLMENT,
        "spec.deployment.securityGroups",
        {},
        "set exactly one of ids, selector and managed",
        {"selector": {"tags": {"role": "agents"}}},
    ),
    "security groups by id and made": Case(
        DEPLOYMENT,
        "spec.securityGroups",
        BY_ID["securityGroups"] | {"managed": {}},
        "set exactly one of ids, selector and managed",
        {"managed": {}},
    ),
    "security groups by tag and made": Case(
        ENROLLMENT,
        "spec.deployment.securityGroups",
        {"selector": {"tags": {"role": "agents"}}, "managed": {}},
        "set exactly one of ids, selector and managed",
        {"managed": {}},
    ),
    "selector without tags": Case(
        DEPLOYMENT,
        "spec.subnets",
        {"selector": {"tags": {}}},
        "spec.subnets.selector.tags in body should have at least 1 properties",
        {"selector": {"tags": {"tier": ""}}},
    ),
    "selector with a wildcard": Case(
        DEPLOYMENT,
        "spec.subnets",
        {"selector": {"tags": {"tier": "priv*"}}},
        "spec.subnets.selector.tags.tier in body should match",
        {"selector": {"tags": {"tier": "private"}}},
    ),
    "too many security groups": Case(
        DEPLOYMENT,
        "spec.securityGroups.ids",
        [f"sg-{number:08x}" for number in range(6)],
        "spec.securityGroups.ids: Too many: 6: must have at most 5 items",
        [f"sg-{number:08x}" for number in range(5)],
    ),
    "database access": Case(
        DEPLOYMENT,
        "spec.databaseAccess",
        "Allow",
        'spec.databaseAccess: Unsupported value: "Allow"',
        "Manage",
    ),
    "public addresses": Case(
        ENROLLMENT,
        "spec.deployment.assignPublicIp",
        "Always",
        'spec.deployment.assignPublicIp: Unsupported value: "Always"',
        "Auto",
    ),
    "vpc": Case(
        DEPLOYMENT,
        "spec.vpcId",
        "my-vpc",
        "spec.vpcId in body should match '^vpc-[0-9a-f]{8,17}$'",
        "vpc-01234567",
    ),
    # The agents' fields, the same in an enrolment's template
    **{
        f"size with {cpu} CPU units": Case(
            DEPLOYMENT,
            "spec.resources",
            {"cpuUnits": cpu, "memoryMiB": refused},
            f"Fargate has no such size: with cpuUnits {cpu} memoryMiB is {sizes}",
            {"cpuUnits": cpu, "memoryMiB": accepted},
        )
        for cpu, refused, accepted, sizes in (
            (256, 4096, 2048, "512, 1024 or 2048"),
            (512, 512, 1024, "1024 to 4096 in steps of 1024"),
            (1024, 2560, 3072, "2048 to 8192 in steps of 1024"),
            (2048, 17408, 16384, "4096 to 16384 in steps of 1024"),
            (4096, 8191, 8192, "8192 to 30720 in steps of 1024"),
            (8192, 17408, 20480, "16384 to 61440 in steps of 4096"),
            (16384, 36864, 40960, "32768 to 122880 in steps of 8192"),
        )
    },
    "size that Fargate lacks, in a template": Case(
        ENROLLMENT,
        "spec.deployment.resources",
        {"cpuUnits": 256, "memoryMiB": 4096},
        "Fargate has no such size: with cpuUnits 256 memoryMiB is 512, 1024 or 2048",
        {"cpuUnits": 512, "memoryMiB": 4096},
    ),
    "boundary of an observed task role": Case(
        DEPLOYMENT,
        "spec.taskRole",
        {"managementPolicy": "Observe", "permissionsBoundary": BOUNDARY},
        "permissionsBoundary goes with managementPolicy Manage: an observed role is not changed",
        {"permissionsBoundary": BOUNDARY},
    ),
    "execution role that is the task role": Case(
        DEPLOYMENT,
        "spec.executionRole.name",
        f"teleportdatabaseaccess-{VPC}",
        "one role for both is what there is without executionRole: leave it out, or give it another name",
        f"TeleportDatabaseAccess-{VPC}-execution",
    ),
    "execution role that is the task role, by name": Case(
        DEPLOYMENT,
        "spec",
        SPECS[DEPLOYMENT] | {"taskRole": {"name": "one"}, "executionRole": {"name": "One"}},
        "one role for both is what there is without executionRole: leave it out, or give it another name",
        SPECS[DEPLOYMENT] | {"taskRole": {"name": "one"}, "executionRole": {"name": "other"}},
    ),
    "one role for both, in a template": Case(
        ENROLLMENT,
        "spec.deployment.perVpc",
        [{"vpcId": VPC, "taskRole": {"name": "one"}, "executionRole": {"name": "one"}}],
        "one role for both is what there is without executionRole: leave it out, or give it another name",
        [{"vpcId": VPC, "taskRole": {"name": "one"}, "executionRole": {"name": "other"}}],
    ),
    "task role of one name for every VPC": Case(
        ENROLLMENT,
        "spec.deployment.taskRole",
        {"name": "one"},
        "a role that is made belongs to one VPC: name it in perVpc, or set managementPolicy Observe",
        {"path": "/teams/", "permissionsBoundary": BOUNDARY},
    ),
    "execution role of one name for every VPC": Case(
        ENROLLMENT,
        "spec.deployment.executionRole",
        {"name": "one"},
        "a role that is made belongs to one VPC: name it in perVpc, or set managementPolicy Observe",
        {"name": "one", "managementPolicy": "Observe"},
    ),
    "pinned version under FollowCluster": Case(
        DEPLOYMENT,
        "spec.version",
        {"pinned": "18.6.4"},
        "pinned goes with policy Pinned, and only with it",
        {"policy": "Pinned", "pinned": "18.6.4"},
    ),
    "policy Pinned without a version": Case(
        DEPLOYMENT,
        "spec.version",
        {"policy": "Pinned"},
        "pinned goes with policy Pinned, and only with it",
        {"policy": "FollowCluster"},
    ),
    "the updater's environment": Case(
        DEPLOYMENT,
        "spec.environment",
        [{"name": "TELEPORT_EXT_UPGRADER_VERSION", "value": "18.0.0"}],
        "TELEPORT_EXT_UPGRADER* and TELEPORT_INSTALL_METHOD* are set by the operator",
        [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}],
    ),
    "matcher label of the operator": Case(
        DEPLOYMENT,
        "spec.databaseLabels",
        {"vpc-id": VPC},
        "a label key has letters, digits and / . _ : * -, and account-id, region and vpc-id are set by the"
        " operator",
        {"env": "prod"},
    ),
    "no replicas": Case(
        DEPLOYMENT, "spec.replicas", 0, "spec.replicas in body should be greater than or equal to 1", 1
    ),
}


@dataclass(frozen=True)
class Change:
    """An update that is refused: a field of an object that exists goes from one value to another."""

    kind: str
    path: str
    before: Any
    after: Any
    message: str


RECREATE = "delete the object and create it again with the new value"
CHANGES = {
    "account": Change(
        INTEGRATION, "spec.accountId", "111111111111", "222222222222", f"accountId is immutable: {RECREATE}"
    ),
    "integration name": Change(
        INTEGRATION,
        "spec.integrationName",
        "one",
        "other",
        f"integrationName is immutable, and can be neither added nor removed later: {RECREATE}",
    ),
    "integration name added": Change(
        INTEGRATION, "spec.integrationName", ABSENT, "other", "can be neither added nor removed later"
    ),
    "integration name removed": Change(
        INTEGRATION, "spec.integrationName", "one", ABSENT, "can be neither added nor removed later"
    ),
    "integration of an enrolment": Change(
        ENROLLMENT,
        "spec.integrationRef.name",
        "one",
        "other",
        f"integrationRef.name is immutable: {RECREATE}",
    ),
    "namespace of an integration": Change(
        ENROLLMENT,
        "spec.integrationRef.namespace",
        "one",
        "other",
        f"namespace is immutable, and can be neither added nor removed later: {RECREATE}",
    ),
    "integration of an enrolment removed": Change(
        ENROLLMENT, "spec.integrationRef", {"name": "one"}, ABSENT, "spec.integrationRef: Required value"
    ),
    "integration of a deployment": Change(
        DEPLOYMENT,
        "spec.integrationRef.name",
        "one",
        "other",
        f"integrationRef.name is immutable: {RECREATE}",
    ),
    "region": Change(DEPLOYMENT, "spec.region", "us-west-1", "us-west-2", f"region is immutable: {RECREATE}"),
    "vpc": Change(DEPLOYMENT, "spec.vpcId", VPC, "vpc-01234567", f"vpcId is immutable: {RECREATE}"),
    "join token": Change(
        DEPLOYMENT,
        "spec.joinToken",
        {"name": "one"},
        {"name": "other"},
        f"joinToken.name is immutable: {RECREATE}",
    ),
    "join token added": Change(
        DEPLOYMENT,
        "spec.joinToken",
        ABSENT,
        {"name": "one"},
        "joinToken can be given at creation only: it may be taken away, and a token of the deployment's own takes over",
    ),
    "integration role": Change(
        INTEGRATION,
        "spec.role",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "task role": Change(
        DEPLOYMENT,
        "spec.taskRole",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "task role of the default name": Change(
        DEPLOYMENT,
        "spec.taskRole",
        {"path": "/teams/"},
        {"path": "/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "execution role": Change(
        DEPLOYMENT,
        "spec.executionRole",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
}
