"""One probe for each moto internal that the sandbox leans on: a new moto version must fail here first."""

import importlib.metadata
from ipaddress import IPv4Network
from typing import Any

import moto.ec2.urls
import moto.ecs.urls
import moto.iam.urls
import moto.rds.urls
import pytest
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.iam.models import get_account_id_from, iam_backends
from moto.logs.models import logs_backends
from moto.rds.models import rds_backends

from hack.sandbox.aws.ec2 import SimulatedEc2Backend, SimulatedEc2Response
from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend
from hack.sandbox.aws.ecs.responses import SimulatedEcsResponse
from hack.sandbox.aws.iam import SimulatedIamBackend, SimulatedIamResponse
from hack.sandbox.aws.rds import SimulatedRdsBackend, SimulatedRdsResponse
from hack.sandbox.aws.server import AwsSandbox
from hack.sandbox.aws.world import Vpc, World

from .support import ACCOUNT, REGION, Aws


def _instances() -> list[Any]:
    return BackendDict._instances  # type: ignore[misc]


@pytest.fixture
def ec2(vpc: Vpc) -> Any:
    return ec2_backends[ACCOUNT][REGION]


def test_the_version_is_the_pinned_one() -> None:
    assert importlib.metadata.version("moto") == "5.2.5"


@pytest.mark.parametrize(
    ("backends", "backend", "urls", "response"),
    [
        (ec2_backends, SimulatedEc2Backend, moto.ec2.urls, SimulatedEc2Response),
        (ecs_backends, SimulatedEcsBackend, moto.ecs.urls, SimulatedEcsResponse),
        (rds_backends, SimulatedRdsBackend, moto.rds.urls, SimulatedRdsResponse),
        (iam_backends, SimulatedIamBackend, moto.iam.urls, SimulatedIamResponse),
    ],
)
def test_hooks_are_in_while_the_sandbox_is_open(
    backends: Any, backend: type, urls: Any, response: Any
) -> None:
    [path] = urls.url_paths
    before = backends.backend, urls.url_paths[path]
    with AwsSandbox():
        assert backends.backend is backend
        assert urls.url_paths[path] == response.dispatch
        region = "aws" if backends is iam_backends else REGION
        assert type(backends[ACCOUNT][region]) is backend
        assert backends in _instances()
    assert (backends.backend, urls.url_paths[path]) == before
    assert _instances() == []


def test_route_tables(ec2: Any, vpc: Vpc) -> None:
    table = ec2.route_tables[vpc.route_table]
    assert {a["SubnetId"] for a in table.associations} == set(vpc.private_subnets)
    assert {route.destination_cidr_block for route in table.routes} == {"10.0.0.0/16", "0.0.0.0/0"}
    [nat_route] = [route for route in table.routes if route.nat_gateway is not None]
    nat = nat_route.nat_gateway
    assert (nat.state, nat.connectivity_type, nat.subnet_id) == ("available", None, vpc.public_subnets[0])
    main = [t for t in ec2.route_tables.values() if t.vpc_id == vpc.id and t.main_association_id]
    assert len(main) == 1


def test_internet_gateways(ec2: Any, vpc: Vpc) -> None:
    routes = [route for table in ec2.route_tables.values() for route in table.routes]
    [gateway] = {route.gateway.id for route in routes if route.gateway is not None}
    assert ec2.internet_gateways[gateway].vpc.id == vpc.id


def test_security_group_rules(ec2: Any, vpc: Vpc) -> None:
    database = ec2.get_security_group_from_id(vpc.database_group)
    assert {rule.source_group["GroupId"] for rule in database.ingress_rules} == {vpc.agents_group}
    assert sorted((r.ip_protocol, r.from_port, r.to_port) for r in database.ingress_rules) == [
        ("tcp", 3306, 3306),
        ("tcp", 5432, 5432),
    ]
    [everything] = ec2.get_security_group_from_id(vpc.agents_group).egress_rules
    assert (everything.ip_protocol, everything.cidr_ipv4) == ("-1", "0.0.0.0/0")
    assert ec2.get_security_group_from_id("sg-absent") is None
    assert ec2.get_default_security_group(vpc.id).vpc_id == vpc.id


def test_network_acls(ec2: Any, vpc: Vpc) -> None:
    [acl] = [acl for acl in ec2.network_acls.values() if acl.vpc_id == vpc.id]
    associated = {association.subnet_id for association in acl.associations}
    assert associated == {*vpc.private_subnets, *vpc.public_subnets}
    assert {(e.rule_number, e.egress, e.protocol, e.rule_action, e.cidr_block) for e in acl.entries} == {
        (100, True, "-1", "allow", "0.0.0.0/0"),
        (100, False, "-1", "allow", "0.0.0.0/0"),
        (32767, True, "-1", "deny", "0.0.0.0/0"),
        (32767, False, "-1", "deny", "0.0.0.0/0"),
    }


def test_subnets_and_interfaces(ec2: Any, vpc: Vpc) -> None:
    subnet = ec2.get_subnet(vpc.private_subnets[0])
    assert (subnet.vpc_id, IPv4Network(subnet.cidr_block).prefixlen) == (vpc.id, 20)
    assert any(subnet.id in zone for zone in ec2.subnets.values())
    assert ec2.get_vpc(vpc.id).enable_dns_hostnames
    assert ec2.get_vpc(vpc.id).enable_dns_support
    assert ec2.get_vpc(vpc.id).dhcp_options is None
    ec2.associate_dhcp_options(ec2.create_dhcp_options(["10.0.0.53"]), ec2.get_vpc(vpc.id))
    assert {"Key": "domain-name-servers", "Values": [{"Value": "10.0.0.53"}]} in (
        ec2.get_vpc(vpc.id).dhcp_options.dhcp_configurations
    )
    eni = ec2.create_network_interface(
        subnet.id, "10.0.0.9", group_ids=[vpc.agents_group], description="probe"
    )
    assert ec2.enis[eni.id].private_ip_address == "10.0.0.9"
    assert eni.subnet.id == subnet.id
    assert [group.id for group in eni.group_set] == [vpc.agents_group]


def test_roles(aws: Aws) -> None:
    arn = aws.create_role("probe")
    [role] = iam_backends[ACCOUNT]["aws"].roles.values()
    assert (role.arn, role.name) == (arn, "probe")
    assert "ecs-tasks.amazonaws.com" in role.assume_role_policy_document


def test_account_of_an_access_key(aws: Aws) -> None:
    assert get_account_id_from("AKIAUNKNOWN") == ACCOUNT
    credentials = aws.client("sts").assume_role(
        RoleArn="arn:aws:iam::222222222222:role/any", RoleSessionName="probe"
    )["Credentials"]
    assert get_account_id_from(credentials["AccessKeyId"]) == "222222222222"


def test_log_groups(sandbox: AwsSandbox) -> None:
    logs = logs_backends[ACCOUNT][REGION]
    logs.create_log_group("group", {})
    logs.create_log_stream("group", "stream")
    logs.put_log_events("group", "stream", [{"timestamp": 1_700_000_000_000, "message": "line"}])
    assert "group" in logs.groups


def test_databases(vpc: Vpc, world: World) -> None:
    instance = world.seed_instance(vpc, "orders")
    cluster = world.seed_cluster(vpc, "events")
    backend: Any = rds_backends[ACCOUNT][REGION]
    stored = backend.databases["orders"]
    assert stored.endpoint == {"Address": instance.host, "Port": instance.port}
    assert stored.db_subnet_group.vpc_id == vpc.id
    shown = {subnet["SubnetIdentifier"] for subnet in stored.db_subnet_group.subnets}
    assert shown == set(vpc.private_subnets)
    assert stored.vpc_security_group_ids == [vpc.database_group]
    stored_cluster = backend.clusters["events"]
    assert (stored_cluster.endpoint, stored_cluster.reader_endpoint) == (cluster.host, cluster.reader_host)
    assert backend.subnet_groups[stored_cluster.db_subnet_group_name].vpc_id == vpc.id


def test_task_definitions(aws: Aws) -> None:
    arn = aws.register(role="probe")
    backend: Any = ecs_backends[ACCOUNT][REGION]
    definition = backend.task_definitions["agents"][1]
    assert (definition.arn, definition.status, definition.revision) == (arn, "ACTIVE", 1)
    assert (definition.task_role_arn, definition.execution_role_arn) == ("probe", "probe")
    assert definition.requires_compatibilities == ["FARGATE"]
    assert definition.container_definitions[0]["name"] == "teleport-service"
