"""AWS beside its commercial partition: the same job in China, whose names begin otherwise."""

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from tests.cluster.scene import ACCOUNT, Scene

CHINA = "cn-north-1"


def test_everything_is_named_as_the_partition_of_the_credentials_names_it(scene: Scene) -> None:
    vpc = scene.world.demo_world(CHINA).vpc.id
    scene.start(AWS_DEFAULT_REGION=CHINA)
    scene.apply_examples(enrollment={"regions": [CHINA]})
    scene.wait_all_ready()

    beginning = f"arn:aws-cn:iam::{ACCOUNT}:"
    assert scene.integration["status"]["roleArn"] == f"{beginning}role/teleport-prod-aws"
    (registered,) = scene.teleport.resources.integrations.list()
    assert registered.Spec.AWSOIDC.RoleARN == f"{beginning}role/teleport-prod-aws"
    (token,) = scene.teleport.resources.tokens.list()
    assert [rule.AWSARN for rule in token.Spec.Allow] == [
        f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/TeleportDatabaseAccess-{vpc}/*"
    ]
    iam = scene.world.client("iam", CHINA)
    policy = iam.get_role_policy(RoleName="teleport-prod-aws", PolicyName="DeployService")["PolicyDocument"]
    assert policy["Statement"][0]["Resource"] == f"{beginning}role/TeleportDatabaseAccess-*"
    (deployment,) = scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
    assert deployment["status"]["serviceArn"].startswith(f"arn:aws-cn:ecs:{CHINA}:{ACCOUNT}:service/")
    assert deployment["status"]["consoleUrl"].startswith(f"https://{CHINA}.console.amazonaws.cn/")
