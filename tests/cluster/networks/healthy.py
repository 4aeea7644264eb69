"""Networks in which tasks reach what they need, although something in them looks as if they did not."""

from tests.cluster.networks.by_endpoints import isolated
from tests.cluster.networks.by_filters import database_group
from tests.cluster.networks.case import CONNECTED, ENDPOINTS, Build, Case
from tests.cluster.networks.site import ANYWHERE, INSIDE, PRIVATE_BLOCK, Fault, Place, Site

_WEB_AND_ANSWERS = (
    "out 10 allow tcp 443 0.0.0.0/0",
    "out 20 allow tcp 1024-65535 0.0.0.0/0",
    "in 10 allow tcp 443 0.0.0.0/0",
    "in 20 allow tcp 1024-65535 0.0.0.0/0",
)

_NO_SSH = ("in 5 deny tcp 22 0.0.0.0/0", "out 5 deny tcp 22 0.0.0.0/0")
_NOTHING_ELSE = ("in 200 deny all 0.0.0.0/0", "out 200 deny all 0.0.0.0/0")


def _in_groups(*outbound: tuple[str, ...]) -> Build:
    """Groups with these outbound rules, all of them the tasks'."""

    def build(site: Site) -> Fault:
        groups = [site.group(f"part-{number}", outbound=rules) for number, rules in enumerate(outbound)]
        return Fault(Place((site.private,), groups))

    return build


def _in(*names: str) -> Build:
    """Subnets of the site, by the attributes of Site."""
    return lambda site: Fault(Place([getattr(site, name) for name in names], (site.agents,)))


def _behind_acls(*entries: str) -> Build:
    """The tasks' subnet and the NAT gateway's have an ACL with these entries alone."""

    def build(site: Site) -> Fault:
        for subnet in (site.public, site.private):
            site.acl(subnet, *entries)
        return Fault(site.in_private)

    return build


def _unused_nat(site: Site) -> Fault:
    site.ec2.delete_nat_gateway(NatGatewayId=site.new_nat(site.public))
    return Fault(site.in_private)


def _dns_elsewhere(site: Site) -> Fault:
    """Amazon's DNS is off, and the DHCP options name another."""
    site.dns_support(on=False)
    site.dns_servers("10.0.2.53")
    return Fault(site.in_private)


def _main_table(site: Site) -> Fault:
    """No association, and the main table has the route."""
    site.route(site.main_table, ANYWHERE, NatGatewayId=site.nat)
    subnet = site.ec2.create_subnet(VpcId=site.vpc, CidrBlock="10.0.8.0/24")["Subnet"]["SubnetId"]
    return Fault(site.at(subnet))


def _transit_gateway(site: Site) -> Fault:
    transit = site.transit_gateway()
    site.attach(transit, site.private)
    site.reroute(site.private_table, TransitGatewayId=transit)
    return Fault(site.in_private)


def _peered(*, accepted: bool) -> Build:
    """A way to another VPC, which no task needs."""

    def build(site: Site) -> Fault:
        peering = site.peering()
        if accepted:
            site.accept(peering)
        site.route(site.private_table, "172.16.0.0/16", VpcPeeringConnectionId=peering)
        return Fault(site.in_private)

    return build


def _endpoint(service: str, *inbound: str, private_dns: bool = True) -> Build:
    def build(site: Site) -> Fault:
        site.endpoint(service, site.group("endpoint", inbound=inbound), private_dns=private_dns)
        return Fault(site.in_private)

    return build


def _endpoint_by_group(site: Site) -> Fault:
    group = site.group("endpoint", inbound=(f"tcp 443 {site.agents}",))
    site.endpoint("logs", group)
    return Fault(site.in_private)


def _s3_endpoint(site: Site) -> Fault:
    site.s3_endpoint(site.private_table)
    return Fault(site.at(site.private, **site.private_image))


def _http_proxy(site: Site) -> Fault:
    """No way to the internet: the agents use a proxy in the VPC, ECS uses endpoints."""
    environment = [{"name": "HTTPS_PROXY", "value": "http://10.0.2.80:3128"}]
    return Fault(isolated(environment=environment)(site).place)


def _mended(build: Build) -> Build:
    def built(site: Site) -> Fault:
        fault = build(site)
        fault.mend()
        return Fault(fault.place)

    return built


HEALTHY = (
    Case("behind-nat", _in("private", "other")),
    Case("public", _in("public")),
    Case("public-and-private", _in("public", "private")),
    Case("groups-add-up", _in_groups((), ("all 0.0.0.0/0",))),
    Case("groups-with-a-part-each", _in_groups(("tcp 443 0.0.0.0/1",), ("tcp 443 128.0.0.0/1",))),
    Case("group-web-alone", _in_groups(("tcp 443 0.0.0.0/0",))),
    Case("acls-web-and-answers", _behind_acls(*_WEB_AND_ANSWERS)),
    Case("acls-deny-ssh", _behind_acls(*_NO_SSH, *_WEB_AND_ANSWERS)),
    Case("acls-deny-too-late", _behind_acls(*_WEB_AND_ANSWERS, *_NOTHING_ELSE)),
    Case("nat-of-nobody-deleted", _unused_nat),
    Case("dns-elsewhere", _dns_elsewhere),
    Case("main-table-with-the-route", _main_table),
    Case("tgw-attached", _transit_gateway, region=CONNECTED),
    Case("peered", _peered(accepted=True), region=CONNECTED),
    Case("peering-pending-elsewhere", _peered(accepted=False), region=CONNECTED),
    Case("endpoint-open", _endpoint("logs", f"tcp 443 {INSIDE}")),
    Case("endpoint-by-group", _endpoint_by_group),
    Case("endpoint-shut-without-private-dns", _endpoint("logs", private_dns=False)),
    Case("ecr-layers-through-s3-endpoint", _s3_endpoint, region=ENDPOINTS),
    Case("http-proxy-and-endpoints", _http_proxy, region=ENDPOINTS),
    Case("database-by-subnet", _mended(database_group(mended=f"tcp 5432 {PRIVATE_BLOCK}"))),
)  # fmt: skip
