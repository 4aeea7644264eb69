"""Builders of worlds: VPCs, databases. They speak to the sandbox with boto3, signed with the seeding key,
so that building a world is neither counted nor gated nor slowed.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import boto3
from botocore.config import Config

from hack.sandbox.aws.calls import SEEDING_ACCESS_KEY

DEFAULT_ACCOUNT = "123456789012"
"""The account of every access key that no AssumeRole has made."""

PORTS = {
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "aurora-mysql": 3306,
}
VERSIONS = {
    "postgres": "16.4",
    "aurora-postgresql": "16.4",
    "mysql": "8.0.39",
    "mariadb": "10.11.9",
    "aurora-mysql": "8.0.mysql_aurora.3.08.0",
}
_PASSWORD = "only-in-the-sandbox"  # noqa: S105 - a value that RDS asks for and nothing uses


@dataclass(frozen=True)
class Vpc:
    """Ids of a seeded VPC. `route_table` is that of the private subnets."""

    account: str
    region: str
    id: str
    private_subnets: tuple[str, ...]
    public_subnets: tuple[str, ...]
    route_table: str
    agents_group: str
    database_group: str
    subnet_group: str


@dataclass(frozen=True)
class Database:
    """A seeded instance or cluster. `members` are the instances of a cluster, the writer first."""

    identifier: str
    arn: str
    resource_id: str
    host: str
    port: int
    reader_host: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class DemoWorld:
    vpc: Vpc
    instances: tuple[Database, ...]
    clusters: tuple[Database, ...]


@dataclass
class World:
    """Builds in one account of the sandbox at `url`."""

    url: str
    account: str = DEFAULT_ACCOUNT
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client whose calls leave no trace in the call log."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make_client(service, region)
            return self._clients[service, region]

    def seed_vpc(
        self,
        region: str,
        name: str,
        *,
        cidr: str = "10.0.0.0/16",
        internet: bool = True,
        private_tags: Mapping[str, str] | None = None,
        agents_tags: Mapping[str, str] | None = None,
    ) -> Vpc:
        """Two availability zones: private subnets behind a NAT gateway, public ones at an internet gateway.

        The agents' group lets everything out; the database group lets the agents' group in on 5432 and 3306.
        Without `internet` there is no gateway of either kind and no route out.
        """
        ec2 = self.client("ec2", region)
        vpc_id = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=_tag_specification("vpc", {"Name": name}))[
            "Vpc"
        ]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
        blocks = list(IPv4Network(cidr).subnets(prefixlen_diff=4))
        private = self._subnets(
            region, vpc_id, f"{name}-private", blocks[:2], private_tags or {"tier": "private"}
        )
        public = self._subnets(region, vpc_id, f"{name}-public", blocks[2:4], {"tier": "public"})
        table = self._route_table(region, vpc_id, private)
        if internet:
            self._connect_to_internet(region, vpc_id, public, table)
        agents = self._group(region, vpc_id, f"{name}-agents", agents_tags or {"role": "teleport-agents"})
        databases = self._group(region, vpc_id, f"{name}-databases", {"role": "databases"})
        self._allow(region, databases, agents)
        subnet_group = self._subnet_group(region, name, private)
        return Vpc(self.account, region, vpc_id, private, public, table, agents, databases, subnet_group)

    def seed_instance(
        self,
        vpc: Vpc,
        identifier: str,
        *,
        engine: str = "postgres",
        version: str = "",
        iam_auth: bool = True,
        tags: Mapping[str, str] | None = None,
        security_groups: Sequence[str] = (),
    ) -> Database:
        """An available RDS instance; its groups default to the VPC's database group."""
        created = self.client("rds", vpc.region).create_db_instance(
            DBInstanceIdentifier=identifier,
            DBInstanceClass="db.t4g.micro",
            Engine=engine,
            EngineVersion=version or VERSIONS[engine],
            AllocatedStorage=20,
            MasterUsername="sandbox",
            MasterUserPassword=_PASSWORD,
            Port=PORTS[engine],
            DBSubnetGroupName=vpc.subnet_group,
            VpcSecurityGroupIds=list(security_groups) or [vpc.database_group],
            EnableIAMDatabaseAuthentication=iam_auth,
            PubliclyAccessible=False,
            Tags=_tag_list(tags),
        )["DBInstance"]
        endpoint = created["Endpoint"]
        return Database(
            created["DBInstanceIdentifier"],
            created["DBInstanceArn"],
            created["DbiResourceId"],
            endpoint["Address"],
            endpoint["Port"],
        )

    def seed_cluster(
        self,
        vpc: Vpc,
        identifier: str,
        *,
        engine: str = "aurora-postgresql",
        version: str = "",
        readers: int = 1,
        iam_auth: bool = True,
        tags: Mapping[str, str] | None = None,
        security_groups: Sequence[str] = (),
    ) -> Database:
        """An available Aurora cluster with a writer and so many readers."""
        rds = self.client("rds", vpc.region)
        rds.create_db_cluster(
            DBClusterIdentifier=identifier,
            Engine=engine,
            EngineVersion=version or VERSIONS[engine],
            MasterUsername="sandbox",
            MasterUserPassword=_PASSWORD,
            Port=PORTS[engine],
            DBSubnetGroupName=vpc.subnet_group,
            VpcSecurityGroupIds=list(security_groups) or [vpc.database_group],
            EnableIAMDatabaseAuthentication=iam_auth,
            Tags=_tag_list(tags),
        )
        members = tuple(f"{identifier}-{number}" for number in range(1, readers + 2))
        for member in members:
            rds.create_db_instance(
                DBInstanceIdentifier=member,
                DBInstanceClass="db.r6g.large",
                Engine=engine,
                DBClusterIdentifier=identifier,
                Tags=_tag_list(tags),
            )
        cluster = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
        return Database(
            cluster["DBClusterIdentifier"],
            cluster["DBClusterArn"],
            cluster["DbClusterResourceId"],
            cluster["Endpoint"],
            cluster["Port"],
            cluster["ReaderEndpoint"],
            members,
        )

    def demo_world(self, region: str = "us-west-1") -> DemoWorld:
        """One VPC with a PostgreSQL and a MySQL instance, and an Aurora cluster of a writer and a reader."""
        vpc = self.seed_vpc(region, "demo")
        orders = self.seed_instance(vpc, "orders", engine="postgres", tags={"team": "shop"})
        billing = self.seed_instance(vpc, "billing", engine="mysql", tags={"team": "finance"})
        aurora = self.seed_cluster(vpc, "events", readers=1, tags={"team": "data"})
        return DemoWorld(vpc, (orders, billing), (aurora,))

    # Parts

    def _make_client(self, service: str, region: str) -> Any:
        client = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=SEEDING_ACCESS_KEY,
            aws_secret_access_key="seeding",  # noqa: S106 - nothing checks it
            config=Config(retries={"total_max_attempts": 1}),
        )

        def name_account(request: Any, **_: Any) -> None:
            request.headers["x-moto-account-id"] = self.account

        client.meta.events.register("before-send", name_account)
        return client

    def _subnets(
        self, region: str, vpc_id: str, name: str, blocks: Sequence[IPv4Network], tags: Mapping[str, str]
    ) -> tuple[str, ...]:
        ec2 = self.client("ec2", region)
        zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
        return tuple(
            ec2.create_subnet(
                VpcId=vpc_id,
                CidrBlock=str(block),
                AvailabilityZone=zone,
                TagSpecifications=_tag_specification("subnet", {"Name": f"{name}-{zone}", **tags}),
            )["Subnet"]["SubnetId"]
            for block, zone in zip(blocks, zones, strict=False)
        )

    def _route_table(self, region: str, vpc_id: str, subnets: Sequence[str]) -> str:
        ec2 = self.client("ec2", region)
        table = str(ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"])
        for subnet in subnets:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def _connect_to_internet(
        self, region: str, vpc_id: str, public_subnets: Sequence[str], private_table: str
    ) -> None:
        ec2 = self.client("ec2", region)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
        public_table = self._route_table(region, vpc_id, public_subnets)
        ec2.create_route(RouteTableId=public_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=public_subnets[0], AllocationId=address)["NatGateway"]
        ec2.create_route(
            RouteTableId=private_table,
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=nat["NatGatewayId"],
        )

    def _group(self, region: str, vpc_id: str, name: str, tags: Mapping[str, str]) -> str:
        group = self.client("ec2", region).create_security_group(
            GroupName=name,
            Description=name,
            VpcId=vpc_id,
            TagSpecifications=_tag_specification("security-group", {"Name": name, **tags}),
        )
        return str(group["GroupId"])

    def _allow(self, region: str, group: str, source: str) -> None:
        permissions = [
            {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "UserIdGroupPairs": [{"GroupId": source}],
            }
            for port in (5432, 3306)
        ]
        self.client("ec2", region).authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)

    def _subnet_group(self, region: str, name: str, subnets: Sequence[str]) -> str:
        self.client("rds", region).create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=list(subnets)
        )
        return name


def _tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def _tag_specification(resource: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": resource, "Tags": _tag_list(tags)}]
