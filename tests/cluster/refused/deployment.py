"""What a DatabaseServiceDeployment refuses, and the template of an enrolment."""

from tests.cluster.refused.manifest import BOUNDARY, BY_ID, DEPLOYMENT, ENROLLMENT, SPECS, VPC, Case

CASES = {
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
