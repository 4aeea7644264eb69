"""Networks in which a security group or a network ACL is in the way."""

from hack.sandbox.stack import PROXY_ADDRESS
from tests.cluster.networks.case import DATABASE, IMAGE, PROXY, Build, Case
from tests.cluster.networks.site import INSIDE, PRIVATE_BLOCK, Fault, Site

OUT, IN = "out 100 allow all 0.0.0.0/0", "in 100 allow all 0.0.0.0/0"
TO_PROXY = f"{PROXY_ADDRESS}/32"

SG_OUT, SG_IN = "SecurityGroupEgress", "SecurityGroupIngress"
ACL_OUT, ACL_IN = "NetworkAclEgress", "NetworkAclIngress"


def outbound(*rules: str, mended: str = "tcp 443 0.0.0.0/0") -> Build:
    """The tasks' group has these outbound rules alone."""

    def build(site: Site) -> Fault:
        group = site.group("narrow", outbound=rules)
        return Fault(site.at(site.private, group), group, lambda: site.let_out(group, mended))

    return build


def to_a_group(site: Site) -> Fault:
    group = site.group("narrow")
    site.let_out(group, f"tcp 443 {site.agents}")
    return Fault(site.at(site.private, group), group, lambda: site.let_out(group, "all 0.0.0.0/0"))


def to_a_prefix_list(site: Site) -> Fault:
    made = site.ec2.create_managed_prefix_list(
        PrefixListName=f"office-{site.name}",
        AddressFamily="IPv4",
        MaxEntries=1,
        Entries=[{"Cidr": "198.51.100.0/24"}],
    )
    group = site.group("narrow")
    site.let_out(group, f"tcp 443 {made['PrefixList']['PrefixListId']}")
    return Fault(site.at(site.private, group), group, lambda: site.let_out(group, "all 0.0.0.0/0"))


def no_group_with_the_rule(site: Site) -> Fault:
    groups = sorted([site.group("shut"), site.group("web", outbound=("tcp 80 0.0.0.0/0",))])
    place = site.in_private
    return Fault(
        type(place)(place.subnets, groups), groups[0], lambda: site.let_out(groups[1], "all 0.0.0.0/0")
    )


def tasks_acl(*entries: str, public: bool = False) -> Build:
    """The tasks' subnet has an ACL with these entries alone."""

    def build(site: Site) -> Fault:
        subnet = site.public if public else site.private
        acl = site.acl(subnet, *entries)
        return Fault(site.at(subnet), acl, lambda: site.open_acl(acl))

    return build


def nat_acl(*entries: str) -> Build:
    """The NAT gateway's subnet has an ACL with these entries alone."""

    def build(site: Site) -> Fault:
        acl = site.acl(site.public, *entries)
        return Fault(site.in_private, acl, lambda: site.open_acl(acl))

    return build


def default_acl_emptied(site: Site) -> Fault:
    acl = site.default_acl["NetworkAclId"]
    for egress in (True, False):
        site.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=egress)
    return Fault(site.in_private, acl, lambda: site.open_acl(acl))


def database_group(*rules: str, mended: str = f"tcp 5432 {PRIVATE_BLOCK}") -> Build:
    """The database's group has these inbound rules alone; `{app}` in a rule stands for another group."""

    def build(site: Site) -> Fault:
        app = site.group("app")
        group = site.group("database", inbound=[rule.format(app=app) for rule in rules])
        site.database(group)
        return Fault(site.in_private, group, lambda: site.let_in(group, mended))

    return build


def inbound_from_the_group(site: Site) -> Fault:
    """Mended as the wizard's page shows it: a rule about the tasks' group."""
    group = site.group("database")
    site.database(group)
    return Fault(site.in_private, group, lambda: site.let_in(group, f"tcp 5432 {site.agents}"))


def database_acl(*entries: str) -> Build:
    """The database's subnet has an ACL with these entries alone."""

    def build(site: Site) -> Fault:
        site.database(site.group("database", inbound=("tcp 5432 10.0.0.0/16",)))
        acl = site.acl(site.other, *entries)
        return Fault(site.in_private, acl, lambda: site.open_acl(acl))

    return build


def tasks_acl_of_database(*entries: str) -> Build:
    """A database behind an ACL of the tasks' subnet with these entries alone."""

    def build(site: Site) -> Fault:
        site.database(site.group("database", inbound=("tcp 5432 10.0.0.0/16",)))
        return tasks_acl(*entries)(site)

    return build


def web_alone_out_of_the_group(site: Site) -> Fault:
    site.database(site.group("database", inbound=("tcp 5432 10.0.0.0/16",)))
    return outbound("tcp 443 0.0.0.0/0", mended="tcp 5432 10.0.2.0/24")(site)


GROUPS = (
    Case("group-shut", outbound(), IMAGE, SG_OUT),
    Case("group-another-port", outbound("tcp 80 0.0.0.0/0"), IMAGE, SG_OUT),
    Case("group-range-ends-before", outbound("tcp 1-442 0.0.0.0/0"), IMAGE, SG_OUT),
    Case("group-inside-alone", outbound(f"all {INSIDE}"), IMAGE, SG_OUT),
    Case("group-ipv6-alone", outbound("all ::/0"), IMAGE, SG_OUT),
    Case("group-databases-only", outbound("tcp 5432 10.0.0.0/8"), IMAGE, SG_OUT),
    Case("group-to-a-group", to_a_group, IMAGE, SG_OUT),
    Case("group-to-a-prefix-list", to_a_prefix_list, IMAGE, SG_OUT),
    Case("groups-none-with-the-rule", no_group_with_the_rule, IMAGE, SG_OUT),
    Case(
        "group-without-the-proxy",
        outbound("tcp 443 0.0.0.0/1", "tcp 443 128.0.0.0/2", mended=f"tcp 443 {TO_PROXY}"),
        PROXY,
        SG_OUT,
    ),
)

ACLS = (
    Case("acl-new-and-empty", tasks_acl(), IMAGE, ACL_OUT),
    Case("acl-default-emptied", default_acl_emptied, IMAGE, ACL_OUT),
    Case("acl-denies-first", tasks_acl("out 90 deny tcp 443 0.0.0.0/0", OUT, IN), IMAGE, ACL_OUT),
    Case("acl-out-inside-alone", tasks_acl(f"out 100 allow all {INSIDE}", IN), IMAGE, ACL_OUT),
    Case("acl-no-answers", tasks_acl(OUT), IMAGE, ACL_IN),
    Case("acl-answers-low", tasks_acl(OUT, "in 100 allow tcp 1024-32767 0.0.0.0/0"), IMAGE, ACL_IN),
    Case(
        "acl-answers-with-a-hole", tasks_acl(OUT, "in 90 deny tcp 40000-40010 0.0.0.0/0", IN), IMAGE, ACL_IN
    ),
    Case("acl-answers-inside-alone", tasks_acl(OUT, f"in 100 allow all {INSIDE}"), IMAGE, ACL_IN),
    Case("acl-public-no-answers", tasks_acl(OUT, public=True), IMAGE, ACL_IN),
    Case("acl-nat-no-answers", nat_acl(OUT, f"in 90 allow all {INSIDE}"), IMAGE, ACL_IN),
    Case(
        "acl-nat-answers-for-linux",
        nat_acl(OUT, f"in 90 allow all {INSIDE}", "in 100 allow tcp 32768-61000 0.0.0.0/0"),
        IMAGE,
        ACL_IN,
    ),
    Case("acl-nat-out-inside-alone", nat_acl(IN, f"out 100 allow all {INSIDE}"), IMAGE, ACL_OUT),
    Case("acl-nat-no-answers-to-tasks", nat_acl(IN, "out 100 allow tcp 443 0.0.0.0/0"), IMAGE, ACL_OUT),
    Case("acl-denies-the-proxy", tasks_acl(f"out 90 deny all {TO_PROXY}", OUT, IN), PROXY, ACL_OUT),
    Case("acl-denies-the-proxys-answers", tasks_acl(OUT, f"in 90 deny all {TO_PROXY}", IN), PROXY, ACL_IN),
)

DATABASES = (
    Case("database-lets-nothing-in", inbound_from_the_group, DATABASE, SG_IN),
    Case("database-another-group", database_group("tcp 5432 {app}"), DATABASE, SG_IN),
    Case("database-another-port", database_group("tcp 3306 10.0.0.0/16"), DATABASE, SG_IN),
    Case("database-another-subnet", database_group("tcp 5432 10.0.0.0/24"), DATABASE, SG_IN),
    Case("database-acl-nothing-in", database_acl(OUT), DATABASE, ACL_IN),
    Case("database-acl-no-answers", database_acl(IN, "out 100 allow tcp 5432 0.0.0.0/0"), DATABASE, ACL_OUT),
    Case("database-group-lets-web-out", web_alone_out_of_the_group, DATABASE, SG_OUT),
    Case(
        "database-acl-of-tasks-lets-web-out",
        tasks_acl_of_database("out 100 allow tcp 443 0.0.0.0/0", IN),
        DATABASE,
        ACL_OUT,
    ),
    Case(
        "database-acl-of-tasks-denies-answers",
        tasks_acl_of_database(OUT, "in 90 deny all 10.0.2.0/24", IN),
        DATABASE,
        ACL_IN,
    ),
)  # fmt: skip
