"""Networks with several things wrong: the first one on the way is told, whatever else there is."""

from tests.cluster.networks.by_endpoints import isolated, shut_endpoint
from tests.cluster.networks.by_filters import (
    IN,
    OUT,
    TO_PROXY,
    inbound_from_the_group,
    nat_acl,
    outbound,
    tasks_acl,
)
from tests.cluster.networks.by_ways import (
    internet_gateway_detached_behind_nat,
    nat_deleted,
    no_free_address,
    no_route,
    proxy_routed_to_a_pending_peering,
    transit_gateway_not_attached,
)
from tests.cluster.networks.case import (
    ADDRESSES,
    CONNECTED,
    ENDPOINTS,
    IMAGE,
    LOGS,
    PROXY,
    RDS_API,
    TRUST_STORE,
    Build,
    Case,
)
from tests.cluster.networks.site import Fault, Site


def both(first: Build, second: Build) -> Build:
    """What is wrong first is to be told; both are mended."""

    def build(site: Site) -> Fault:
        one, other = first(site), second(site)

        def mend() -> None:
            one.mend()
            other.mend()

        return Fault(one.place, one.culprit, mend)

    return build


_NO_ANSWERS = tasks_acl(OUT)
_NO_PROXY = tasks_acl(f"out 90 deny all {TO_PROXY}", OUT, IN)
_TGW_AND_LOGS = both(transit_gateway_not_attached, shut_endpoint("logs"))
_PROXY_AND_RDS = both(proxy_routed_to_a_pending_peering, shut_endpoint("rds"))

COMBINATIONS = (
    Case("group-and-route", both(outbound(), no_route), IMAGE, "SecurityGroupEgress"),
    Case("group-and-acl", both(outbound(), _NO_ANSWERS), IMAGE, "SecurityGroupEgress"),
    Case("acl-and-route", both(tasks_acl(IN), no_route), IMAGE, "NetworkAclEgress"),
    Case("acl-and-nat", both(tasks_acl(IN), nat_deleted), IMAGE, "NetworkAclEgress"),
    Case("route-and-answers", both(no_route, _NO_ANSWERS), IMAGE, "NoRoute"),
    Case("route-and-logs", both(no_route, shut_endpoint("logs")), IMAGE, "NoRoute"),
    Case("nat-and-logs", both(nat_deleted, shut_endpoint("logs")), IMAGE, "NatGatewayUnavailable"),
    Case("nat-acl-and-igw", both(nat_acl(OUT), internet_gateway_detached_behind_nat), IMAGE, "NetworkAclIngress"),
    Case("igw-and-proxy", both(internet_gateway_detached_behind_nat, _NO_PROXY), IMAGE, "InternetGatewayDetached"),
    Case("tgw-and-logs", _TGW_AND_LOGS, IMAGE, "TransitGatewayNotAttached", region=CONNECTED),
    Case("address-and-route", both(no_free_address, no_route), ADDRESSES),
    Case("logs-and-rds", both(shut_endpoint("logs"), shut_endpoint("rds")), LOGS, "SecurityGroupIngress"),
    Case("proxy-and-rds", _PROXY_AND_RDS, PROXY, "PeeringNotActive", region=CONNECTED),
    Case("trust-store-and-rds", isolated("rds"), TRUST_STORE, "NoRoute", region=ENDPOINTS),
    Case("rds-and-database", both(shut_endpoint("rds"), inbound_from_the_group), RDS_API, "SecurityGroupIngress"),
)  # fmt: skip
