"""AWS beside its commercial partition: the same job in China and in GovCloud, whose names begin otherwise."""

from tests.cluster.aws_hosts import aws_hosts
from tests.cluster.kubernetes_api import Object
from tests.cluster.scene import ACCOUNT, Scene

CHINA, GOVCLOUD = "cn-north-1", "us-gov-west-1"
FIPS_HOSTS = (
    *(f"{service}.{GOVCLOUD}.amazonaws.com" for service in ("ec2", "logs", "rds", "servicequotas", "sts")),
    f"ecs-fips.{GOVCLOUD}.amazonaws.com",
    "iam.us-gov.amazonaws.com",
)
"""Where AWS's services have their FIPS endpoints in GovCloud: of most it is the only endpoint there (AWS, "Federal
Information Processing Standard (FIPS) 140-3", endpoints by service)."""


def test_everything_is_named_as_the_partition_of_the_credentials_names_it(scene: Scene) -> None:
    vpc = scene.world.demo_world(CHINA).vpc.id
    scene.start(AWS_DEFAULT_REGION=CHINA)
    deployment = enrolled(scene, CHINA)

    assert_named(scene, "aws-cn", CHINA, vpc)
    iam = scene.world.client("iam", CHINA)
    policy = iam.get_role_policy(RoleName="teleport-prod-aws", PolicyName="DeployService")["PolicyDocument"]
    task_roles = f"arn:aws-cn:iam::{ACCOUNT}:role/TeleportDatabaseAccess-*"
    assert policy["Statement"][0]["Resource"] == task_roles
    assert deployment["status"]["consoleUrl"].startswith(f"https://{CHINA}.console.amazonaws.cn/")


def test_fips_is_kept_to_in_govcloud(scene: Scene) -> None:
    """No other hosts can be reached; the agents are of Teleport's FIPS build and run in its mode."""
    vpc = scene.world.demo_world(GOVCLOUD).vpc.id
    with aws_hosts(scene.aws, FIPS_HOSTS, scene.folder) as hosts:
        scene.start(AWS_DEFAULT_REGION=GOVCLOUD, RDS_ENROLLMENT_FIPS="true", **hosts.settings)
        deployment = enrolled(scene, GOVCLOUD)

        asked = set(hosts.asked) - {scene.teleport.proxy_address}
        assert f"ecs-fips.{GOVCLOUD}.amazonaws.com:443" in asked
        assert asked <= {f"{host}:443" for host in FIPS_HOSTS}
        assert_named(scene, "aws-us-gov", GOVCLOUD, vpc)
        ecs = scene.world.client("ecs", GOVCLOUD)
        definition = deployment["status"]["taskDefinitionArn"]
        (container,) = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"][
            "containerDefinitions"
        ]
        assert container["image"].startswith("public.ecr.aws/gravitational/teleport-ent-fips-distroless:")
        assert "--fips" in container["command"]
        console = f"https://{GOVCLOUD}.console.amazonaws-us-gov.com/"
        assert deployment["status"]["consoleUrl"].startswith(console)


def enrolled(scene: Scene, region: str) -> Object:
    """The main job in a region; returns the deployment."""
    scene.apply_examples(enrollment={"regions": [region]})
    scene.wait_all_ready()
    return scene.deployment


def assert_named(scene: Scene, partition: str, region: str, vpc: str) -> None:
    """Every ARN is one of the partition."""
    beginning = f"arn:{partition}:iam::{ACCOUNT}:"
    assert scene.integration["status"]["roleArn"] == f"{beginning}role/teleport-prod-aws"
    (registered,) = scene.teleport.resources.integrations.list()
    assert registered.Spec.AWSOIDC.RoleARN == f"{beginning}role/teleport-prod-aws"
    (token,) = scene.teleport.resources.tokens.list()
    assert [rule.AWSARN for rule in token.Spec.Allow] == [
        f"arn:{partition}:sts::{ACCOUNT}:assumed-role/TeleportDatabaseAccess-{vpc}/*"
    ]
    service = scene.deployment["status"]["serviceArn"]
    assert service.startswith(f"arn:{partition}:ecs:{region}:{ACCOUNT}:service/")
