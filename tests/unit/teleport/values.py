"""Values that tests write and expect back."""

from rds_enrollment.api.databases import TlsMode
from rds_enrollment.plan.observed.teleport import (
    Database,
    DatabaseTls,
    Integration,
    JoinRule,
    JoinToken,
    RdsMetadata,
)

DATABASE = Database(
    name="payments",
    description="RDS instance in eu-west-1",
    labels={"account-id": "123456789012", "region": "eu-west-1", "vpc-id": "vpc-0a"},
    protocol="postgres",
    uri="payments.c0ffee.eu-west-1.rds.amazonaws.com:5432",
    region="eu-west-1",
    account_id="123456789012",
    rds=RdsMetadata(
        instance_id="payments",
        cluster_id="orders",
        resource_id="db-ABC",
        iam_auth=True,
        subnets=("subnet-2", "subnet-1"),
        vpc_id="vpc-0a",
        security_groups=("sg-2", "sg-1"),
    ),
    tls=DatabaseTls(
        mode=TlsMode.VERIFY_CA,
        ca_certificate="-----BEGIN CERTIFICATE-----",
        server_name="primary.eu-west-1.rds.amazonaws.com",
        trust_system_cert_pool=True,
    ),
)

TOKEN = JoinToken(
    name="rds-eu-west-1-vpc-0a",
    join_method="iam",
    roles=frozenset({"Db"}),
    rules=frozenset({JoinRule("123456789012", "arn:aws:sts::123456789012:assumed-role/Task-vpc-0a/*")}),
    labels={"owner": "us"},
)

INTEGRATION = Integration(
    name="payments-account",
    sub_kind="aws-oidc",
    role_arn="arn:aws:iam::123456789012:role/teleport",
    labels={"owner": "us"},
)
