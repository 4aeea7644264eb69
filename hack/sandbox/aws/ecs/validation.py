"""What CreateService and UpdateService check before they accept a request."""

from collections.abc import Mapping
from typing import Any

from hack.sandbox.aws.ecs.errors import client_error, invalid_parameter
from hack.sandbox.aws.ecs.network_configuration import AwsvpcConfiguration
from hack.sandbox.aws.network import VpcNetwork

MAX_SUBNETS = 16
MAX_SECURITY_GROUPS = 5

_SIMULATED = {
    "launchType": "FARGATE",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
}
_NOT_SIMULATED = (
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "placementConstraints",
    "placementStrategy",
)


def refuse_unsimulated(request: Mapping[str, Any]) -> None:
    """The sandbox runs rolling REPLICA services on Fargate, without load balancers; it says so otherwise."""
    for name, only in _SIMULATED.items():
        if request.get(name, only) != only:
            raise client_error(f"This sandbox simulates {name} {only} only, not {request[name]}.")
    for name in _NOT_SIMULATED:
        if request.get(name):
            raise client_error(f"This sandbox does not simulate {name}.")
    strategy = (request.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise client_error(f"This sandbox simulates deployment strategy ROLLING only, not {strategy}.")


def parse_network(request: Mapping[str, Any], network: VpcNetwork) -> AwsvpcConfiguration:
    """The checked network of a request. Raises InvalidParameterException as ECS does."""
    given = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if not given:
        raise invalid_parameter(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    subnets = tuple(given.get("subnets") or ())
    groups = tuple(given.get("securityGroups") or ())
    _check_sizes(subnets, groups)
    _check_existence(subnets, groups, network)
    _check_same_vpc(subnets, groups, network)
    return AwsvpcConfiguration(subnets, groups, given.get("assignPublicIp") == "ENABLED")


def _check_sizes(subnets: tuple[str, ...], groups: tuple[str, ...]) -> None:
    if not subnets:
        raise invalid_parameter("subnets can not be empty.")
    if len(subnets) > MAX_SUBNETS:
        raise invalid_parameter(f"subnets can have at most {MAX_SUBNETS} items.")
    if len(groups) > MAX_SECURITY_GROUPS:
        raise invalid_parameter(f"securityGroups can have at most {MAX_SECURITY_GROUPS} items.")


def _check_existence(subnets: tuple[str, ...], groups: tuple[str, ...], network: VpcNetwork) -> None:
    for subnet in subnets:
        if not network.has_subnet(subnet):
            raise invalid_parameter(
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
    for group in groups:
        if not network.has_security_group(group):
            raise invalid_parameter(
                f"Error retrieving security group information for [{group}]: "
                f"The security group '{group}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            )


def _check_same_vpc(subnets: tuple[str, ...], groups: tuple[str, ...], network: VpcNetwork) -> None:
    vpcs = sorted({network.vpc_of_subnet(subnet) for subnet in subnets})
    if len(vpcs) > 1:
        raise invalid_parameter(f"The subnets belong to more than one VPC: {', '.join(vpcs)}.")
    for group in groups:
        if (owner := network.vpc_of_security_group(group)) != vpcs[0]:
            raise invalid_parameter(
                f"Security group {group} belongs to {owner}, and the subnets to {vpcs[0]}."
            )


def check_definition(definition: Any) -> None:
    """A service can only be given an ACTIVE task definition that supports Fargate."""
    if definition.status != "ACTIVE":
        raise client_error("TaskDefinition is inactive")
    if "FARGATE" not in (definition.requires_compatibilities or []):
        raise invalid_parameter("Task definition does not support launch_type FARGATE.")
