"""moto's RDS with what it lacks: paging of clusters, range checks, own resource ids, inherited subnet groups.

Sources: Amazon RDS API Reference, DescribeDBInstances and DescribeDBClusters (MaxRecords 20 to 100, default
100) and CreateDBInstance (an Aurora member takes the subnet group of its cluster).
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import moto.rds.urls
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.rds.models import DBInstance, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from hack.sandbox.aws.network import VpcNetwork
from hack.sandbox.aws.paging import page

INTERFACE = "RDSNetworkInterface"
"""The description that RDS gives to its network interfaces."""
MIN_RECORDS = 20
MAX_RECORDS = 100
_AUTOMATED_SNAPSHOT_LIMIT = 1_000_000
_RESOURCE_ID_LENGTH = 26


class RdsError(ServiceException):
    """An RDS error: `RdsError(code, message)`. moto words errors by the module that their class is from."""


def _invalid_parameter_value(message: str) -> RdsError:
    return RdsError("InvalidParameterValue", message)


class SimulatedRdsBackend(RDSBackend):
    """One account and region."""

    SERVICE_NAMESPACE = "rds"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._created = 0
        self._interfaces: dict[str, str] = {}
        """Ids of network interfaces by the resource id of their instance."""

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return moto.rds.urls

    @property
    def SNAPSHOT_QUOTA(self) -> int:  # noqa: N802 - moto's name
        """moto makes an automated snapshot of each database, and refuses the thousandth."""
        return _AUTOMATED_SNAPSHOT_LIMIT

    def create_db_instance(self, db_kwargs: dict[str, Any]) -> DBInstance:
        cluster = self.clusters.get(db_kwargs.get("db_cluster_identifier") or "")
        if cluster is not None and not db_kwargs.get("db_subnet_group_name"):
            name = str(cluster.db_subnet_group_name)
            if name in self.subnet_groups:
                db_kwargs["db_subnet_group_name"] = name
        database: DBInstance = super().create_db_instance(db_kwargs)
        self._created += 1
        database.dbi_resource_id = self._resource_id(database.db_instance_identifier)
        self._attach_interface(database, cluster)
        return database

    def modify_db_instance(self, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        database: DBInstance = super().modify_db_instance(db_instance_identifier, db_kwargs)
        interface = self._interfaces.get(database.dbi_resource_id)
        if interface and database.vpc_security_group_ids:
            self._network.change_groups(interface, database.vpc_security_group_ids)
        return database

    def delete_db_instance(self, db_instance_identifier: str, *arguments: Any, **named: Any) -> DBInstance:
        database: DBInstance = super().delete_db_instance(db_instance_identifier, *arguments, **named)
        interface = self._interfaces.pop(database.dbi_resource_id, None)
        if interface:
            self._network.detach_interface(interface)
        return database

    @property
    def _network(self) -> VpcNetwork:
        return VpcNetwork(self.account_id, self.region_name)

    def _attach_interface(self, database: DBInstance, cluster: Any) -> None:
        """In the first subnet of its group, which is where connections are dialled to; a database of no VPC has none.
        An Aurora instance has the groups of its cluster."""
        group = getattr(database, "db_subnet_group", None)
        subnet_ids = [subnet["SubnetIdentifier"] for subnet in group.subnets] if group else []
        if not subnet_ids:
            return
        groups = (cluster or database).vpc_security_group_ids
        address = self._network.endpoint_address(subnet_ids[0], database.endpoint["Address"])
        made = self._network.attach_interface(subnet_ids[0], groups, INTERFACE, False, str(address))
        self._interfaces[database.dbi_resource_id] = made.id

    def _resource_id(self, identifier: str) -> str:
        """Unique for each creation: a database made again under the same name is another one."""
        text = f"{self.account_id}/{self.region_name}/{identifier}/{self._created}"
        digest = base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"db-{digest[:_RESOURCE_ID_LENGTH]}"


class SimulatedRdsResponse(RDSResponse):
    def describe_db_instances(self) -> ActionResult:
        found = self.backend.describe_db_instances(
            self.params.get("DBInstanceIdentifier"), filters=self._filters
        )
        return self._page("DBInstances", found, lambda database: str(database.db_instance_identifier))

    def describe_db_clusters(self) -> ActionResult:
        found = self.backend.describe_db_clusters(
            self.params.get("DBClusterIdentifier"), filters=self._filters
        )
        return self._page("DBClusters", found, lambda cluster: str(cluster.db_cluster_identifier))

    @property
    def _filters(self) -> dict[str, list[str]]:
        return {f["Name"]: f["Values"] for f in self.params.get("Filters", [])}

    def _page(self, result_key: str, items: list[Any], key: Callable[[Any], str]) -> ActionResult:
        size = int(self.params.get("MaxRecords", MAX_RECORDS))
        if not MIN_RECORDS <= size <= MAX_RECORDS:
            raise _invalid_parameter_value(
                f"Invalid value {size} for MaxRecords. Must be between {MIN_RECORDS} and {MAX_RECORDS}"
            )
        found, marker = page(items, key, size, self.params.get("Marker"), _invalid_parameter_value)
        return ActionResult({result_key: found, "Marker": marker} if marker else {result_key: found})


@dataclass(frozen=True)
class Endpoint:
    """Where a database listens in the simulated VPC. `subnet_ids` are those of its subnet group."""

    host: str
    port: int
    is_available: bool
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_groups: tuple[str, ...]
    resource_id: str
    iam_authentication: bool


def find_endpoint(account: str, region: str, host: str) -> Endpoint | None:
    """The instance or cluster endpoint (writer or reader) of a host name."""
    backend: Any = rds_backends[account][region]
    for database in list(backend.databases.values()):
        if host == database.endpoint["Address"]:
            return _endpoint(host, database, getattr(database, "db_subnet_group", None))
    for cluster in list(backend.clusters.values()):
        if host in (cluster.endpoint, cluster.reader_endpoint):
            return _endpoint(host, cluster, backend.subnet_groups.get(str(cluster.db_subnet_group_name)))
    return None


def _endpoint(host: str, resource: Any, group: Any) -> Endpoint:
    return Endpoint(
        host=host,
        port=int(resource.port),
        is_available=resource.status in ("available", "creating"),
        vpc_id=str(group.vpc_id) if group else "",
        subnet_ids=tuple(subnet["SubnetIdentifier"] for subnet in group.subnets) if group else (),
        security_groups=tuple(resource.vpc_security_group_ids),
        resource_id=str(
            getattr(resource, "dbi_resource_id", "") or getattr(resource, "db_cluster_resource_id", "")
        ),
        iam_authentication=bool(resource.iam_database_authentication_enabled),
    )
