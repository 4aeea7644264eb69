"""Names that Teleport's wizard gives, so that its Web UI recognises what we deploy; and ours.

Source of the fixed ones: Teleport lib/integrations/awsoidc/deployservice.go, deploydatabaseservice.go.
"""

from urllib.parse import quote

_ECS_FORBIDDEN = str.maketrans(dict.fromkeys("@:./+", "_"))


def ecs_name(text: str) -> str:
    """Teleport's normaliser: each of `@ : . / +` becomes `_` (ECS allows letters, digits, `_` and `-`)."""
    return text.translate(_ECS_FORBIDDEN)


def ecs_cluster(teleport_cluster: str) -> str:
    """The ECS cluster of a Teleport cluster, one per account and region."""
    return ecs_name(f"{teleport_cluster}-teleport")


def ecs_service(vpc_id: str) -> str:
    """The ECS service of a VPC."""
    return ecs_name(f"database-service-{vpc_id}")


def task_family(teleport_cluster: str, vpc_id: str) -> str:
    """The task definition family of a VPC's service."""
    return ecs_name(f"{teleport_cluster}-teleport-database-service-{vpc_id}")


def task_family_prefix(teleport_cluster: str) -> str:
    """How the task families of all services of a Teleport cluster begin, the one of the older single service too."""
    return ecs_name(f"{teleport_cluster}-teleport-database-service")


def log_group(teleport_cluster: str) -> str:
    """The CloudWatch log group that all agents of a Teleport cluster write to."""
    return f"ecs-{ecs_cluster(teleport_cluster)}"


def log_stream_prefix(teleport_cluster: str, vpc_id: str) -> str:
    """The prefix of an agent's log stream."""
    return f"{ecs_service(vpc_id)}/{task_family(teleport_cluster, vpc_id)}"


def security_group(teleport_cluster: str, vpc_id: str) -> str:
    """Our security group of one deployment: two Teleport clusters may serve one VPC, in which names are unique."""
    return task_family(teleport_cluster, vpc_id)


def join_token(account: str, region: str, vpc_id: str) -> str:
    """Our join token of one deployment. The wizard's shared one is `discover-aws-oidc-iam-token`."""
    return f"rds-enrollment-{account}-{region}-{vpc_id}"


def role_arn(partition: str, account: str, role: str, path: str = "/") -> str:
    """ARN of a role; `path` begins and ends with a slash."""
    return f"arn:{partition}:iam::{account}:role{path}{role}"


def role_name(arn: str) -> str:
    """Name of the role of an ARN, without its path."""
    return arn.rpartition("/")[2]


def log_group_arn(partition: str, region: str, account: str, group: str) -> str:
    """ARN of a CloudWatch log group."""
    return f"arn:{partition}:logs:{region}:{account}:log-group:{group}"


def task_definition_arn(partition: str, region: str, account: str, family: str, revision: int) -> str:
    """ARN of a revision of a task family."""
    return f"arn:{partition}:ecs:{region}:{account}:task-definition/{family}:{revision}"


def role_with_path(arn: str) -> str:
    """Name of the role of an ARN, with its path before it: `teams/agents`."""
    return arn.partition(":role/")[2]


def assumed_role_pattern(partition: str, account: str, role: str) -> str:
    """What a join token's rule holds: any session of the role (AWS shows no path in these ARNs)."""
    return f"arn:{partition}:sts::{account}:assumed-role/{role}/*"


def identity_provider_arn(partition: str, account: str, issuer: str) -> str:
    """ARN of the IAM OIDC provider of an issuer URL."""
    return f"arn:{partition}:iam::{account}:oidc-provider/{issuer_host(issuer)}"


def issuer(proxy_address: str) -> str:
    """Issuer of Teleport's AWS OIDC tokens from the proxy's `host:port`: https, port 443 left out."""
    return f"https://{proxy_address.removesuffix(':443')}"


def issuer_host(issuer_url: str) -> str:
    """The issuer without its scheme, as IAM names the provider and its condition keys."""
    return issuer_url.removeprefix("https://")


def console_host(partition: str, region: str) -> str:
    """Host of the AWS console of a region."""
    domain = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}.get(partition, "aws.amazon.com")
    return f"{region}.console.{domain}"


def service_console_url(partition: str, region: str, cluster: str, service: str) -> str:
    """Console page of an ECS service."""
    return f"https://{console_host(partition, region)}/ecs/v2/clusters/{cluster}/services/{service}"


def task_id(arn: str) -> str:
    """The last part of a task's ARN."""
    return arn.rpartition("/")[2]


def task_console_url(partition: str, region: str, cluster: str, task: str) -> str:
    """Console page of an ECS task, which ECS shows for about an hour after its end."""
    return f"https://{console_host(partition, region)}/ecs/v2/clusters/{cluster}/tasks/{task}"


def log_stream_console_url(partition: str, region: str, group: str, stream: str) -> str:
    """Console page of a CloudWatch log stream. The console wants names encoded twice, with `$` for `%`."""
    return f"{logs_console_url(partition, region, _twice_encoded(group))}/log-events/{_twice_encoded(stream)}"


def _twice_encoded(name: str) -> str:
    return quote(quote(name, safe=""), safe="").replace("%", "$")


def logs_console_url(partition: str, region: str, group: str) -> str:
    """Console page of a CloudWatch log group."""
    return (
        f"https://{console_host(partition, region)}/cloudwatch/home?region={region}"
        f"#logsV2:log-groups/log-group/{group}"
    )
