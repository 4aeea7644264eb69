"""Worlds in which a security group or a network ACL is in the way."""

from dataclasses import replace

from rds_enrollment.plan.network.verdict import BlockerKind as Kind
from rds_enrollment.plan.observed.network import PortRange

from tests.unit.plan.network.broken import Broken, wizard
from tests.unit.plan.network.dsl import (
    AGENTS,
    DB,
    DB_ANYWHERE,
    PRIVATE,
    PRIVATE_V6,
    PROXY,
    PROXY_V6,
    PUBLIC,
    REGISTRY,
    Edit,
    acl,
    group,
    prefix_list,
    subnet,
)

IN, OUT = "in 100 allow all 0.0.0.0/0", "out 100 allow all 0.0.0.0/0"
TWO_GROUPS = replace(PRIVATE, security_groups=AGENTS | {"sg-more"})
FROM_TOP = replace(PRIVATE, ephemeral_ports=PortRange(1024, 65535))


def private_acl(*rules: str) -> Edit:
    return acl("acl-private", *rules, subnets="subnet-private")


def public_acl(*rules: str) -> Edit:
    return acl("acl-public", *rules, subnets="subnet-public")


def data_acl(*rules: str) -> Edit:
    return acl("acl-data", *rules, subnets="subnet-data")


def _egress(name: str, *rules: str, more: tuple[Edit, ...] = ()) -> Broken:
    edits = (group("sg-agents", outbound=rules), *more)
    return Broken(name, edits, PRIVATE, PROXY, Kind.SECURITY_GROUP_EGRESS, "sg-agents")


def _ingress(name: str, *rules: str, more: tuple[Edit, ...] = ()) -> Broken:
    edits = (group("sg-db", inbound=rules), *more)
    return Broken(name, edits, PRIVATE, DB, Kind.SECURITY_GROUP_INGRESS, "sg-db")


GROUPS = [
    wizard(replace(_egress("no outbound rule at all"), destination=REGISTRY)),
    wizard(
        replace(
            _egress(
                "several groups, none with the rule",
                more=(group("sg-more", outbound=("udp 443 0.0.0.0/0",)),),
            ),
            source=TWO_GROUPS,
            destination=REGISTRY,
        )
    ),
    _egress("outbound for another port", "tcp 80 0.0.0.0/0"),
    _egress("outbound range ends before the port", "tcp 1-442 0.0.0.0/0"),
    _egress("outbound for udp", "udp 443 0.0.0.0/0"),
    _egress("outbound within the VPC alone", "all 10.0.0.0/16"),
    _egress("outbound for IPv6 alone", "all ::/0"),
    _egress("outbound to a group alone", "tcp 443 sg-db"),
    _egress("outbound to another address", "tcp 443 18.0.0.11/32"),
    _egress(
        "outbound to a prefix list that lacks the host",
        "tcp 443 pl-office",
        more=(prefix_list("pl-office", "198.51.100.0/24"),),
    ),
    replace(
        _egress("outbound for IPv4 alone, asked for IPv6", "all 0.0.0.0/0"),
        source=PRIVATE_V6,
        destination=PROXY_V6,
    ),
    replace(
        _egress("outbound to the internet's ports, not the database's", "tcp 443 0.0.0.0/0"), destination=DB
    ),
    replace(_egress("outbound to another group than the database's", "tcp 5432 sg-agents"), destination=DB),
    wizard(_ingress("no inbound rule at the database")),
    wizard(_ingress("inbound from another group", "tcp 5432 sg-app", more=(group("sg-app"),))),
    _ingress("inbound for another port", "tcp 3306 sg-agents"),
    _ingress("inbound from another subnet", "tcp 5432 10.0.3.0/24"),
    _ingress("inbound for udp", "udp 5432 sg-agents"),
    _ingress("inbound from the database's own group", "all sg-db"),
    replace(_ingress("inbound from half of the subnet", "tcp 5432 10.0.1.0/25"), destination=DB_ANYWHERE),
    _ingress(
        "inbound in the same subnet",
        more=(subnet("subnet-data", "10.0.2.0/24"),),
    ),
    Broken(
        "a group that is not there",
        (),
        replace(PRIVATE, security_groups=AGENTS | {"sg-gone"}),
        PROXY,
        Kind.SECURITY_GROUP_NOT_FOUND,
        "sg-gone",
    ),
    Broken(
        "a group of the database that is not there",
        (),
        PRIVATE,
        replace(DB, security_groups=frozenset({"sg-gone"})),
        Kind.SECURITY_GROUP_NOT_FOUND,
        "sg-gone",
    ),
    Broken(
        "a subnet that is not there",
        (),
        replace(PRIVATE, subnet="subnet-gone"),
        PROXY,
        Kind.SUBNET_NOT_FOUND,
        "subnet-gone",
    ),
    Broken(
        "a database's subnet that is not there",
        (),
        PRIVATE,
        replace(DB, subnet="subnet-gone"),
        Kind.SUBNET_NOT_FOUND,
        "subnet-gone",
    ),
]


def _out(name: str, *edits: Edit, culprit: str = "acl-private") -> Broken:
    return Broken(name, edits, PRIVATE, PROXY, Kind.NETWORK_ACL_EGRESS, culprit)


def _in(name: str, *edits: Edit, culprit: str = "acl-private") -> Broken:
    return Broken(name, edits, PRIVATE, PROXY, Kind.NETWORK_ACL_INGRESS, culprit)


ACLS = [
    wizard(replace(_out("ACL without rules", private_acl()), destination=REGISTRY)),
    _out("ACL denies before it allows", private_acl(IN, "out 90 deny tcp 443 0.0.0.0/0", OUT)),
    _out("ACL lets the VPC out alone", private_acl(IN, "out 100 allow all 10.0.0.0/16")),
    _out("ACL lets another port out", private_acl(IN, "out 100 allow tcp 80 0.0.0.0/0")),
    _out("ACL lets udp out", private_acl(IN, "out 100 allow udp 443 0.0.0.0/0")),
    _out("ACL denies the host's network", private_acl(IN, "out 1 deny all 18.0.0.0/8", OUT)),
    _out("default ACL emptied", acl("acl-default", default=True), culprit="acl-default"),
    replace(_out("ACL forgets IPv6", private_acl(IN, OUT)), source=PRIVATE_V6, destination=PROXY_V6),
    _in("ACL lets no answers in", private_acl(OUT)),
    _in("ACL lets answers in from the web's port alone", private_acl(OUT, "in 100 allow tcp 443 0.0.0.0/0")),
    _in("ACL lets low answers in alone", private_acl(OUT, "in 100 allow tcp 1024-32767 0.0.0.0/0")),
    _in(
        "ACL cuts a hole into the answers' ports",
        private_acl(OUT, "in 90 deny tcp 40000-40010 0.0.0.0/0", IN),
    ),
    _in("ACL lets answers in from the VPC alone", private_acl(OUT, "in 100 allow all 10.0.0.0/16")),
    replace(
        _in(
            "ACL lets Linux's answers in, a client uses more",
            private_acl(OUT, "in 100 allow tcp 32768-61000 0.0.0.0/0"),
        ),
        source=FROM_TOP,
    ),
    _in("ACL of the NAT gateway's subnet lets nothing in", public_acl(OUT), culprit="acl-public"),
    _in(
        "ACL of the NAT gateway's subnet lets answers in for Linux alone",
        public_acl(OUT, "in 90 allow all 10.0.0.0/16", "in 100 allow tcp 32768-61000 0.0.0.0/0"),
        culprit="acl-public",
    ),
    _out(
        "ACL of the NAT gateway's subnet lets the VPC out alone",
        public_acl(IN, "out 100 allow all 10.0.0.0/16"),
        culprit="acl-public",
    ),
    _out(
        "ACL of the NAT gateway's subnet lets no answers out to the tasks",
        public_acl(IN, "out 100 allow tcp 443 0.0.0.0/0"),
        culprit="acl-public",
    ),
    replace(
        _in("ACL of a public subnet lets no answers in", public_acl(OUT), culprit="acl-public"), source=PUBLIC
    ),
    replace(_in("ACL of the database lets nothing in", data_acl(OUT), culprit="acl-data"), destination=DB),
    replace(
        _in(
            "ACL of the database denies the tasks' subnet",
            data_acl(OUT, "in 50 deny all 10.0.1.0/24", IN),
            culprit="acl-data",
        ),
        destination=DB,
    ),
    replace(
        _out(
            "ACL of the database lets no answers out",
            data_acl(IN, "out 100 allow tcp 5432 0.0.0.0/0"),
            culprit="acl-data",
        ),
        destination=DB,
    ),
    replace(
        _out("ACL of the tasks lets 443 out alone", private_acl(IN, "out 100 allow tcp 443 0.0.0.0/0")),
        destination=DB,
    ),
    replace(
        _in(
            "ACL of the tasks lets no answers of the database in",
            private_acl(OUT, "in 90 deny all 10.0.2.0/24", IN),
        ),
        destination=DB,
    ),
    replace(
        _in(
            "ACL denies some addresses of the tasks' subnet",
            data_acl(OUT, "in 50 deny tcp 5432 10.0.1.128/25", IN),
            culprit="acl-data",
        ),
        destination=DB,
    ),
]
