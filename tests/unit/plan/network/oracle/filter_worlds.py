"""Random network ACLs and security groups."""

from dataclasses import dataclass
from ipaddress import ip_network
from random import Random

from rds_enrollment.plan.observed.network import (
    ALL_PORTS,
    AclRule,
    Cidr,
    GroupRule,
    NetworkAcl,
    PortRange,
    SecurityGroup,
    Subnet,
)

from tests.unit.plan.network.oracle.pools import (
    ANY_IPV4,
    ANY_IPV6,
    OUTER_BLOCKS,
    PORT_RANGES,
    PROTOCOLS,
    VPC,
    VPC_IPV4,
    VPC_IPV6,
    chance,
    usual_address,
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The CIDR blocks that rules name."""

    inner: tuple[Cidr, ...]

    @classmethod
    def of(cls, subnets: tuple[Subnet, ...]) -> "Blocks":
        """The VPC's, each subnet's, halves of those and single addresses."""
        found: list[Cidr] = [VPC_IPV4, VPC_IPV6]
        for subnet in subnets:
            for block in subnet.cidrs:
                first, second = block.subnets()
                found += [block, first, second, *(ip_network(usual_address(block, n)) for n in (8, 9, 10))]
        return cls(tuple(found))

    def pick(self, rng: Random) -> Cidr:
        return rng.choice(rng.choice(((ANY_IPV4, ANY_IPV4, ANY_IPV6), self.inner, OUTER_BLOCKS)))


def network_acls(rng: Random, subnets: tuple[Subnet, ...]) -> tuple[NetworkAcl, ...]:
    blocks = Blocks.of(subnets)
    own = [subnet.id for subnet in subnets if chance(rng, 0.5)]
    split = rng.randint(0, len(own))
    groups = [frozenset[str](), frozenset(own[:split]), frozenset(own[split:])]
    return tuple(
        NetworkAcl(f"acl-{number}", VPC, number == 0, members, _acl_rules(rng, blocks))
        for number, members in enumerate(groups)
    )


def _acl_rules(rng: Random, blocks: Blocks) -> tuple[AclRule, ...]:
    rules = rng.choice((_open, _open, _open, _usual, _usual, _arbitrary))(rng, blocks)
    if chance(rng, 0.2):
        rules.append(_acl_rule(rng, blocks, number=rng.randint(1, 99), allow=False))
    rules += [
        AclRule(number, egress, False, "all", cidr)
        for number, cidr in ((32767, ANY_IPV4), (32768, ANY_IPV6))
        for egress in (True, False)
        if chance(rng, 0.5)
    ]
    rng.shuffle(rules)
    return tuple(rules)


def _open(_rng: Random, _blocks: Blocks) -> list[AclRule]:
    return [
        AclRule(number, egress, True, "all", cidr)
        for number, cidr in ((100, ANY_IPV4), (101, ANY_IPV6))
        for egress in (True, False)
    ]


def _usual(rng: Random, _blocks: Blocks) -> list[AclRule]:
    """As the user guide's example of a custom ACL: the service's port one way, ephemeral ports the other."""
    rules = []
    for number, cidr in ((200, ANY_IPV4), (300, ANY_IPV6)):
        for egress in (True, False):
            ephemeral = rng.choice((PortRange(1024, 65535), PortRange(1024, 65535), PortRange(32768, 65535)))
            rules.append(AclRule(number, egress, True, "tcp", cidr, PortRange(443, 443)))
            rules.append(AclRule(number + 10, egress, True, "tcp", cidr, ephemeral))
    return rules


def _arbitrary(rng: Random, blocks: Blocks) -> list[AclRule]:
    numbers = rng.sample(range(100, 200), rng.randint(2, 10))
    return [_acl_rule(rng, blocks, number, chance(rng, 0.75)) for number in numbers]


def _acl_rule(rng: Random, blocks: Blocks, number: int, allow: bool) -> AclRule:
    ports = rng.choice(PORT_RANGES)
    return AclRule(number, chance(rng, 0.5), allow, rng.choice(PROTOCOLS), blocks.pick(rng), ports)


def security_groups(rng: Random, subnets: tuple[Subnet, ...]) -> tuple[SecurityGroup, ...]:
    blocks = Blocks.of(subnets)
    ids = [f"sg-{number}" for number in range(rng.randint(1, 4))]
    return tuple(
        SecurityGroup(group, VPC, _ingress(rng, blocks, ids), _egress(rng, blocks, ids)) for group in ids
    )


def _egress(rng: Random, blocks: Blocks, ids: list[str]) -> tuple[GroupRule, ...]:
    if chance(rng, 0.7):
        return GroupRule(ANY_IPV4, "all"), GroupRule(ANY_IPV6, "all", rng.choice(PORT_RANGES))
    return tuple(_group_rule(rng, blocks, ids) for _ in range(rng.randint(0, 5)))


def _ingress(rng: Random, blocks: Blocks, ids: list[str]) -> tuple[GroupRule, ...]:
    rules = [_group_rule(rng, blocks, ids) for _ in range(rng.randint(0, 3))]
    if chance(rng, 0.3):
        rules.append(GroupRule(rng.choice(blocks.inner), "all"))
    elif chance(rng, 0.6):
        rules.append(GroupRule(VPC_IPV4, "tcp", rng.choice((ALL_PORTS, PortRange(443, 5432)))))
    return tuple(rules)


def _group_rule(rng: Random, blocks: Blocks, ids: list[str]) -> GroupRule:
    lists = ("pl-s3", "pl-customer", "pl-unknown")
    named: tuple[Cidr | str, ...] = (*ids, *ids, rng.choice(lists), rng.choice(lists))
    peer = rng.choice(named) if chance(rng, 0.4) else blocks.pick(rng)
    return GroupRule(peer, rng.choice(PROTOCOLS), rng.choice(PORT_RANGES))
