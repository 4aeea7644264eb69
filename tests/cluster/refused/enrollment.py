"""What an RdsEnrollment refuses."""

from tests.cluster.refused.manifest import ENROLLMENT, VPC, Case, identifiers

CASES = {
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
}
