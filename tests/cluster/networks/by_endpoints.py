"""Networks in which a VPC endpoint is missing or does not do."""

from typing import Any

from tests.cluster.networks.by_ways import TO_PROXY, no_route, to_nat
from tests.cluster.networks.case import (
    ENDPOINTS,
    IMAGE,
    LOGS,
    RDS_API,
    TRUST_STORE,
    Build,
    Case,
)
from tests.cluster.networks.site import INSIDE, Fault, Site


def _open_group(site: Site, name: str) -> str:
    return site.group(f"open-{name}", inbound=(f"tcp 443 {INSIDE}",))


def s3_endpoint_alone(site: Site) -> Fault:
    """Neither a gateway endpoint nor the endpoints of private ECR carry the public registry."""
    fault = no_route(site)
    site.s3_endpoint(site.private_table)
    for service in ("ecr.api", "ecr.dkr", "logs"):
        site.endpoint(service, _open_group(site, service))
    return fault


def shut_endpoint(service: str) -> Build:
    """An interface endpoint takes the service's name over, and its group does not let the tasks in."""

    def build(site: Site) -> Fault:
        group = site.group(f"endpoint-{service}")
        site.endpoint(service, group)
        spec = site.private_image if service.startswith("ecr") else {}
        return Fault(site.at(site.private, **spec), group, lambda: site.let_in(group, f"tcp 443 {INSIDE}"))

    return build


def endpoint_behind_an_acl(service: str) -> Build:
    def build(site: Site) -> Fault:
        site.endpoint(service, _open_group(site, service))
        acl = site.acl(
            site.other,
            f"in 50 deny tcp 443 {INSIDE}",
            "in 100 allow all 0.0.0.0/0",
            "out 100 allow all 0.0.0.0/0",
        )
        return Fault(site.in_private, acl, lambda: site.open_acl(acl))

    return build


def isolated(*missing: str, **spec: Any) -> Build:
    """No way to the internet but to Teleport's proxy; endpoints for what private subnets need, but for `missing`."""

    def build(site: Site) -> Fault:
        site.unroute(site.private_table)
        site.route(site.private_table, TO_PROXY, NatGatewayId=site.nat)
        for service in ("ecr.api", "ecr.dkr", "logs", "rds", "sts"):
            if service not in missing:
                site.endpoint(service, _open_group(site, service))
        if "s3" not in missing:
            site.s3_endpoint(site.private_table)
        place = site.at(site.private, **{**site.private_image, **spec})
        return Fault(place, site.private_table, to_nat(site))

    return build


def group_without_the_endpoint(site: Site) -> Fault:
    """The tasks' group lets out what is not of the VPC."""
    group = site.group("outside", outbound=("tcp 443 128.0.0.0/1", "tcp 443 64.0.0.0/2"))
    site.endpoint("logs", _open_group(site, "logs"))
    return Fault(site.at(site.private, group), group, lambda: site.let_out(group, "tcp 443 0.0.0.0/0"))


THROUGH_ENDPOINTS = (
    Case("endpoints-are-not-the-public-registry", s3_endpoint_alone, IMAGE, "NoRoute", region=ENDPOINTS),
    Case("ecr-api-endpoint-shut", shut_endpoint("ecr.api"), IMAGE, "SecurityGroupIngress"),
    Case("ecr-dkr-endpoint-shut", shut_endpoint("ecr.dkr"), IMAGE, "SecurityGroupIngress"),
    Case("ecr-without-api", isolated("ecr.api"), IMAGE, "NoRoute", region=ENDPOINTS),
    Case("ecr-without-layers", isolated("s3"), IMAGE, "NoRoute", region=ENDPOINTS),
    Case("logs-endpoint-shut", shut_endpoint("logs"), LOGS, "SecurityGroupIngress"),
    Case("logs-endpoint-behind-an-acl", endpoint_behind_an_acl("logs"), LOGS, "NetworkAclIngress"),
    Case("logs-endpoint-not-in-the-groups-rules", group_without_the_endpoint, LOGS, "SecurityGroupEgress"),
    Case("logs-without-endpoint", isolated("logs"), LOGS, "NoRoute", region=ENDPOINTS),
    Case("trust-store-without-route", isolated(), TRUST_STORE, "NoRoute", region=ENDPOINTS),
    Case("rds-endpoint-shut", shut_endpoint("rds"), RDS_API, "SecurityGroupIngress"),
)  # fmt: skip
