"""Answers in XML are parsed to what botocore's own parsers make of them."""

from typing import Any

import botocore.session
import pytest
from botocore.parsers import ResponseParserFactory
from rds_enrollment.aws.xml_answers import ParserFactory

RDS_PAGE = b"""<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
<DescribeDBInstancesResult><Marker>2</Marker><DBInstances><DBInstance>
<DBInstanceIdentifier>{orders}</DBInstanceIdentifier><Endpoint><Port>5432</Port></Endpoint>
<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>
</VpcSecurityGroupMembership></VpcSecurityGroups><TagList/></DBInstance></DBInstances>
</DescribeDBInstancesResult><ResponseMetadata><RequestId>7</RequestId></ResponseMetadata>
</DescribeDBInstancesResponse>"""
EC2_PAGE = b"""<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8</requestId>
<subnetSet><item><subnetId>subnet-1</subnetId><mapPublicIpOnLaunch>true</mapPublicIpOnLaunch></item></subnetSet>
</DescribeSubnetsResponse>"""
RDS_ERROR = b"""<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>No.</Message></Error><RequestId>9</RequestId></ErrorResponse>"""
EC2_ERROR = b"""<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>No.</Message></Error></Errors>
<RequestID>10</RequestID></Response>"""


def parsed(factory: ResponseParserFactory, service: str, operation: str, status: int, body: bytes) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    shape: Any = model.operation_model(operation).output_shape
    parser: Any = factory.create_parser(str(model.metadata["protocol"]))
    return parser.parse({"status_code": status, "headers": {}, "body": body}, shape)


@pytest.mark.parametrize(
    ("service", "operation", "status", "body"),
    [
        ("rds", "DescribeDBInstances", 200, RDS_PAGE),
        ("rds", "DescribeDBInstances", 403, RDS_ERROR),
        ("ec2", "DescribeSubnets", 200, EC2_PAGE),
        ("ec2", "DescribeSubnets", 403, EC2_ERROR),
    ],
)
def test_answers_read_as_with_botocore(service: str, operation: str, status: int, body: bytes) -> None:
    ours = parsed(ParserFactory(), service, operation, status, body)
    assert ours == parsed(ResponseParserFactory(), service, operation, status, body)
    assert ours["ResponseMetadata"]["RequestId"] in body.decode()


def test_what_parsers_are_given_reaches_those_of_xml() -> None:
    page = EC2_PAGE.replace(b"subnetSet", b"snapshotSet").replace(
        b"<subnetId>subnet-1</subnetId>", b"<startTime>2026-01-02T03:04:05Z</startTime>"
    )
    factory = ParserFactory(timestamp_parser=lambda text: f"at {text}")
    answer = parsed(factory, "ec2", "DescribeSnapshots", 200, page)
    assert answer["Snapshots"][0]["StartTime"] == "at 2026-01-02T03:04:05Z"
