"""Amazon RDS as pages written beforehand: where ten thousand databases are listed, moto would be most of the time.

Source of the documents: Amazon RDS API Reference, DescribeDBInstances and DescribeDBClusters.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

PAGE = 100
ACCOUNT = "123456789012"
_DENIED = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not any more</Message></Error>"
    b"<RequestId>1</RequestId></ErrorResponse>"
)
_NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/"


@dataclass(frozen=True)
class PageInstance:
    """An available PostgreSQL instance."""

    identifier: str
    region: str = "us-west-1"
    vpc_id: str = "vpc-0123456789abcdef0"
    version: str = "16.4"
    tags: tuple[tuple[str, str], ...] = (("team", "shop"), ("cost-center", "4711"))


def estate(count: int) -> list[PageInstance]:
    """So many instances, spread over ten VPCs."""
    return [PageInstance(f"db-{number:05}", vpc_id=f"vpc-{number % 10:017x}") for number in range(count)]


@dataclass
class RdsPages:
    """An endpoint for AWS_ENDPOINT_URL_RDS. `calls` counts the requests by action."""

    calls: dict[str, int] = field(default_factory=dict)
    breaks_at: int | None = None
    """The page from which on every answer is an error of the service's."""
    _pages: list[bytes] = field(default_factory=lambda: [_document("", "")])
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._running.server_port}"

    @property
    def _running(self) -> ThreadingHTTPServer:
        if self._server is None:
            raise RuntimeError("enter the context first")
        return self._server

    def serve(self, instances: Sequence[PageInstance]) -> None:
        """List these from now on."""
        starts = range(0, max(len(instances), 1), PAGE)
        self._pages = [
            _document(
                "".join(map(_instance, instances[start : start + PAGE])),
                f"<Marker>{number + 1}</Marker>" if number + 1 < len(starts) else "",
            )
            for number, start in enumerate(starts)
        ]

    def __enter__(self) -> "RdsPages":
        pages = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # http.server's name
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                status, body = pages._answer(form["Action"][0], int(form.get("Marker", ["0"])[0]))
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="RDS pages", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.shutdown()
        self._running.server_close()

    def _answer(self, action: str, page: int) -> tuple[int, bytes]:
        self.calls[action] = self.calls.get(action, 0) + 1
        if action == "DescribeDBInstances":
            if self.breaks_at is not None and page >= self.breaks_at:
                return 403, _DENIED
            return 200, self._pages[page]
        return 200, (
            f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result><DBClusters/></{action}Result>'
            f"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
        ).encode()


def _document(entries: str, marker: str) -> bytes:
    return (
        f'<DescribeDBInstancesResponse xmlns="{_NAMESPACE}"><DescribeDBInstancesResult>'
        f"<DBInstances>{entries}</DBInstances>{marker}</DescribeDBInstancesResult>"
        "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeDBInstancesResponse>"
    ).encode()


def _instance(instance: PageInstance) -> str:
    """Also the members that the operator does not read: they are what a real page is full of."""
    name, region = instance.identifier, instance.region
    subnets = "".join(
        f"<Subnet><SubnetIdentifier>subnet-{number:017x}</SubnetIdentifier><SubnetAvailabilityZone><Name>{region}{zone}"
        "</Name></SubnetAvailabilityZone><SubnetOutpost/><SubnetStatus>Active</SubnetStatus></Subnet>"
        for number, zone in enumerate("abc")
    )
    tags = "".join(
        f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in instance.tags
    )
    return f"""<DBInstance>
<DBInstanceIdentifier>{name}</DBInstanceIdentifier><DBInstanceClass>db.t4g.medium</DBInstanceClass>
<Engine>postgres</Engine><DBInstanceStatus>available</DBInstanceStatus><MasterUsername>admin</MasterUsername>
<Endpoint><Address>{name}.abcdef.{region}.rds.amazonaws.com</Address><Port>5432</Port>
<HostedZoneId>Z10WI91S59XXQN</HostedZoneId></Endpoint><AllocatedStorage>20</AllocatedStorage>
<InstanceCreateTime>2026-01-02T03:04:05.678Z</InstanceCreateTime>
<PreferredBackupWindow>06:50-07:20</PreferredBackupWindow><BackupRetentionPeriod>7</BackupRetentionPeriod>
<DBSecurityGroups/><VpcSecurityGroups><VpcSecurityGroupMembership>
<VpcSecurityGroupId>sg-0123456789abcdef0</VpcSecurityGroupId><Status>active</Status></VpcSecurityGroupMembership>
</VpcSecurityGroups><DBParameterGroups><DBParameterGroup><DBParameterGroupName>default.postgres16
</DBParameterGroupName><ParameterApplyStatus>in-sync</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>
<AvailabilityZone>{region}a</AvailabilityZone><DBSubnetGroup><DBSubnetGroupName>main</DBSubnetGroupName>
<DBSubnetGroupDescription>main</DBSubnetGroupDescription><VpcId>{instance.vpc_id}</VpcId>
<SubnetGroupStatus>Complete</SubnetGroupStatus><Subnets>{subnets}</Subnets></DBSubnetGroup>
<PreferredMaintenanceWindow>sat:08:10-sat:08:40</PreferredMaintenanceWindow><PendingModifiedValues/>
<LatestRestorableTime>2026-11-01T02:03:04Z</LatestRestorableTime><MultiAZ>false</MultiAZ>
<EngineVersion>{instance.version}</EngineVersion><AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade>
<ReadReplicaDBInstanceIdentifiers/><LicenseModel>postgresql-license</LicenseModel><OptionGroupMemberships>
<OptionGroupMembership><OptionGroupName>default:postgres-16</OptionGroupName><Status>in-sync</Status>
</OptionGroupMembership></OptionGroupMemberships><PubliclyAccessible>false</PubliclyAccessible>
<StorageType>gp3</StorageType><DbInstancePort>0</DbInstancePort><StorageEncrypted>true</StorageEncrypted>
<DbiResourceId>db-{name.upper()}</DbiResourceId><CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>
<DomainMemberships/><CopyTagsToSnapshot>true</CopyTagsToSnapshot><MonitoringInterval>0</MonitoringInterval>
<DBInstanceArn>arn:aws:rds:{region}:{ACCOUNT}:db:{name}</DBInstanceArn>
<IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>
<PerformanceInsightsEnabled>false</PerformanceInsightsEnabled><DeletionProtection>true</DeletionProtection>
<AssociatedRoles/><MaxAllocatedStorage>100</MaxAllocatedStorage><TagList>{tags}</TagList>
<CertificateDetails><CAIdentifier>rds-ca-rsa2048-g1</CAIdentifier><ValidTill>2027-01-02T03:04:05Z</ValidTill>
</CertificateDetails></DBInstance>"""
