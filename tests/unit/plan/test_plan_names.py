"""Names as Teleport's wizard gives them."""

import pytest
from rds_enrollment.plan import names

VPC = "vpc-0123456789abcdef0"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example", "example"),
        ("example.teleport.sh", "example_teleport_sh"),
        ("a@b:c.d/e+f-g_h", "a_b_c_d_e_f-g_h"),
    ],
)
def test_ecs_takes_letters_digits_dashes_and_underscores(text: str, name: str) -> None:
    assert names.ecs_name(text) == name


def test_names_of_what_runs_in_ecs() -> None:
    cluster = "example.teleport.sh"
    assert names.ecs_cluster(cluster) == "example_teleport_sh-teleport"
    assert names.ecs_service(VPC) == "database-service-vpc-0123456789abcdef0"
    assert names.task_family(cluster, VPC) == (
        "example_teleport_sh-teleport-database-service-vpc-0123456789abcdef0"
    )
    assert names.log_group(cluster) == "ecs-example_teleport_sh-teleport"
    assert names.log_stream_prefix(cluster, VPC) == (
        "database-service-vpc-0123456789abcdef0"
        "/example_teleport_sh-teleport-database-service-vpc-0123456789abcdef0"
    )


def test_names_of_our_own() -> None:
    token = names.join_token("123456789012", "us-west-1", VPC)
    assert token == "rds-enrollment-123456789012-us-west-1-vpc-0123456789abcdef0"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_arns_carry_the_partition(partition: str) -> None:
    assert names.role_arn(partition, "123456789012", "agents") == (
        f"arn:{partition}:iam::123456789012:role/agents"
    )
    assert names.assumed_role_pattern(partition, "123456789012", "agents") == (
        f"arn:{partition}:sts::123456789012:assumed-role/agents/*"
    )
    assert names.identity_provider_arn(partition, "123456789012", "https://example.teleport.sh") == (
        f"arn:{partition}:iam::123456789012:oidc-provider/example.teleport.sh"
    )


@pytest.mark.parametrize(
    ("address", "issuer", "host"),
    [
        ("example.teleport.sh:443", "https://example.teleport.sh", "example.teleport.sh"),
        ("teleport.example.com:3080", "https://teleport.example.com:3080", "teleport.example.com:3080"),
        ("teleport.example.com:8443", "https://teleport.example.com:8443", "teleport.example.com:8443"),
    ],
)
def test_the_issuer_drops_port_443_alone(address: str, issuer: str, host: str) -> None:
    assert names.issuer(address) == issuer
    assert names.issuer_host(issuer) == host


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-west-1", "us-west-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_pages_of_the_console(partition: str, region: str, host: str) -> None:
    assert names.service_console_url(partition, region, "c-teleport", "database-service-v") == (
        f"https://{host}/ecs/v2/clusters/c-teleport/services/database-service-v"
    )
    assert names.logs_console_url(partition, region, "ecs-c-teleport") == (
        f"https://{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/ecs-c-teleport"
    )
