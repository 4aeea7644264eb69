"""Capacity providers of a service. A launch type needs none on the cluster; a strategy needs its own there.

Source: Amazon ECS API Reference, CreateService (`capacityProviderStrategy`, `launchType`),
PutClusterCapacityProviders.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hack.sandbox.aws.ecs.errors import EcsError, client_error, invalid_parameter
from hack.sandbox.aws.ecs.model import Service

Strategy = list[dict[str, Any]]


def choose_strategy(cluster: Any, request: Mapping[str, Any]) -> Strategy:
    """The strategy of a request, that of the cluster without one, and none for launch type FARGATE.

    `cluster` is moto's Cluster. Raises InvalidParameterException when a provider is not the cluster's.
    """
    given = request.get("capacityProviderStrategy") or []
    if request.get("launchType"):
        if given:
            raise invalid_parameter(
                "Specifying both a launch type and capacity provider strategy is not supported. "
                "Remove one and try again."
            )
        return []
    strategy = list(given or cluster.default_capacity_provider_strategy or [])
    if not strategy:
        raise client_error("This sandbox simulates launchType FARGATE only, not EC2.")
    _check(strategy, cluster.capacity_providers or [])
    return strategy


def _check(strategy: Strategy, providers: Sequence[str]) -> None:
    if any(item["capacityProvider"] not in providers for item in strategy):
        raise invalid_parameter(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated "
            "with the cluster. Associate the capacity provider with the cluster or specify a valid capacity "
            "provider and try again."
        )
    if any(item["capacityProvider"] != "FARGATE" for item in strategy):
        raise client_error("This sandbox simulates capacity provider FARGATE only.")


def check_still_offered(services: Iterable[Service], providers: Sequence[str]) -> None:
    """Raises ResourceInUseException when a service of the cluster uses a provider that is to go."""
    used = {item["capacityProvider"] for service in services for item in service.capacity_provider_strategy}
    if not used <= set(providers):
        raise EcsError(
            "ResourceInUseException", "The specified capacity provider is in use and cannot be removed."
        )
