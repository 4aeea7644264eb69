"""Preflight: the first need that a subnet cannot serve, in the order in which a task meets them."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.network.checks import (
    CHECKS,
    CheckFacts,
    Finding,
    enough_addresses,
    first_failure,
    preflight,
)
from rds_enrollment.plan.network.needs import Needs
from rds_enrollment.plan.network.question import AwsService, Destination, Host
from rds_enrollment.plan.observed.network import VpcDns

from tests.unit.plan.network.broken_ways import ECR_ENDPOINT, NO_WAY_OUT, S3_ENDPOINT, VPCE_GROUP
from tests.unit.plan.network.dsl import (
    PRIVATE,
    PUBLIC,
    PUBLIC_WITHOUT_ADDRESS,
    REGION,
    Edit,
    change,
    dns,
    edited,
    group,
    healthy,
    interface_endpoint,
    route,
)

IMAGE = "public.ecr.aws/gravitational/teleport-ent-distroless:17.1.0"
PRIVATE_IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/teleport:17.1.0"
CHINA_STORE = "rds-truststore.s3.cn-north-1.amazonaws.com.cn"
PROXY = ip_address("18.0.0.10")
NEEDS = Needs(
    region=REGION,
    image=IMAGE,
    proxy_address="proxy.example.com:3080",
    trust_store=True,
    new_tasks=2,
    addresses={"proxy.example.com": (PROXY,)},
)
PRIVATE_NEEDS = replace(NEEDS, image=PRIVATE_IMAGE)


def finding(needs: Needs, *edits: Edit) -> Finding:
    return first_failure(CheckFacts(edited(healthy(), *edits), PRIVATE, needs), CHECKS)


def only(*rules: str) -> Edit:
    return group("sg-agents", outbound=rules)


def test_a_healthy_subnet_passes() -> None:
    assert finding(NEEDS) == Finding(Reason.SUCCEEDED, "", failed=False)
    assert finding(PRIVATE_NEEDS).failed is False


@pytest.mark.parametrize(
    ("edits", "reason", "named"),
    [
        (
            (change("subnets", "subnet-private", available_addresses=0),),
            Reason.NO_FREE_ADDRESSES,
            "subnet-private",
        ),
        ((dns("AmazonProvidedDNS"), NO_WAY_OUT), Reason.DNS_RESOLUTION_DISABLED, "--vpc-id vpc-1"),
        ((NO_WAY_OUT,), Reason.IMAGE_REGISTRY_UNREACHABLE, "public.ecr.aws:443"),
        (
            (interface_endpoint("logs"), group("sg-vpce")),
            Reason.LOGS_UNREACHABLE,
            f"logs.{REGION}.amazonaws.com",
        ),
        ((only("tcp 443 0.0.0.0/0"),), Reason.TELEPORT_PROXY_UNREACHABLE, "proxy.example.com:3080"),
        (
            (route("rtb-private", "18.0.0.0/8 pcx-9 blackhole"),),
            Reason.TELEPORT_PROXY_UNREACHABLE,
            "rtb-private",
        ),
        (
            (interface_endpoint("rds"), group("sg-vpce")),
            Reason.RDS_API_UNREACHABLE,
            f"rds.{REGION}.amazonaws.com",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_the_first_unmet_need_is_told(edits: tuple[Edit, ...], reason: Reason, named: str) -> None:
    found = finding(NEEDS, *edits)

    assert (found.reason, found.failed) == (reason, True)
    assert named in found.message
    assert "subnet-private" in found.message
    assert len(found.message) <= 1024


def test_the_trust_store_is_needed_unless_a_ca_is_given() -> None:
    endpoints = [interface_endpoint(name) for name in ("ecr.api", "rds", "logs")]
    closed = (*endpoints, *ECR_ENDPOINT, *S3_ENDPOINT, VPCE_GROUP)
    but_for_the_proxy = only("tcp 443 10.0.0.0/8", "tcp 443 pl-s3", "tcp 3080 0.0.0.0/0")

    found = finding(PRIVATE_NEEDS, *closed, but_for_the_proxy)

    assert found.reason == Reason.RDS_TRUST_STORE_UNREACHABLE
    assert not finding(replace(PRIVATE_NEEDS, trust_store=False), *closed, but_for_the_proxy).failed


def test_the_message_says_what_to_run() -> None:
    found = finding(NEEDS, only())

    assert "aws ec2 authorize-security-group-egress --group-id sg-agents" in found.message


@pytest.mark.parametrize("missing", ["ecr.api", "ecr.dkr", "s3"])
def test_private_ecr_needs_its_api_its_registry_and_s3(missing: str) -> None:
    parts = {
        "ecr.api": (interface_endpoint("ecr.api"),),
        "ecr.dkr": ECR_ENDPOINT,
        "s3": S3_ENDPOINT,
    }
    present = [edit for name, edits in parts.items() if name != missing for edit in edits]

    found = finding(PRIVATE_NEEDS, VPCE_GROUP, *present, NO_WAY_OUT)

    assert found.reason == Reason.IMAGE_REGISTRY_UNREACHABLE
    (destination,) = (
        item
        for item in PRIVATE_NEEDS.image_registry()
        if isinstance(item, AwsService) and item.service == missing
    )
    assert destination.name in found.message


def test_endpoints_of_private_ecr_do_not_serve_the_public_registry() -> None:
    endpoints = (
        interface_endpoint("ecr.api"),
        *ECR_ENDPOINT,
        *S3_ENDPOINT,
        interface_endpoint("logs"),
        VPCE_GROUP,
    )

    assert finding(NEEDS, *endpoints, NO_WAY_OUT).reason == Reason.IMAGE_REGISTRY_UNREACHABLE
    assert finding(PRIVATE_NEEDS, *endpoints, NO_WAY_OUT).reason == Reason.TELEPORT_PROXY_UNREACHABLE


def test_sts_is_advice_alone() -> None:
    vpc = edited(healthy(), interface_endpoint("sts"), group("sg-vpce"))

    (verdict,) = preflight(vpc, [PRIVATE], NEEDS)

    assert not verdict.finding.failed
    (advice,) = verdict.advice
    assert f"sts.{REGION}.amazonaws.com" in advice


def test_each_subnet_has_its_verdict() -> None:
    verdicts = preflight(healthy(), [PUBLIC, PUBLIC_WITHOUT_ADDRESS, PRIVATE], NEEDS)

    assert [(item.subnet, item.finding.failed) for item in verdicts] == [
        ("subnet-public", False),
        ("subnet-public", True),
        ("subnet-private", False),
    ]


@pytest.mark.parametrize(
    "servers",
    [(), ("AmazonProvidedDNS",), ("10.0.0.2",), ("169.254.169.253", "fd00:ec2::253")],
    ids=["no DHCP options", "by name", "third address of the VPC", "link-local addresses"],
)
def test_amazons_dns_server_is_the_one_that_is_off(servers: tuple[str, ...]) -> None:
    found = finding(NEEDS, dns(*servers))

    assert (found.reason, found.failed) == (Reason.DNS_RESOLUTION_DISABLED, True)
    command = f"aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support Value=true --region {REGION}"
    assert found.message.endswith(f"Command: {command}")
    assert not finding(NEEDS, dns(*servers, support=True)).failed


@pytest.mark.parametrize("servers", [("10.0.2.53",), ("AmazonProvidedDNS", "10.0.2.53")])
def test_another_dns_server_is_taken_to_work(servers: tuple[str, ...]) -> None:
    assert not finding(NEEDS, dns(*servers)).failed


@pytest.mark.parametrize("unknown", [None, VpcDns(support=False)], ids=["not read", "options not visible"])
def test_dns_that_is_not_known_raises_no_alarm(unknown: VpcDns | None) -> None:
    assert not finding(NEEDS, lambda vpc: replace(vpc, dns=unknown)).failed


def test_what_was_found_out_of_a_network_holds_with_its_dns_too() -> None:
    vpc, off = healthy(), VpcDns(support=False, servers=("AmazonProvidedDNS",))
    assert vpc.judged_once("a way", lambda: "open") == "open"

    known = vpc.with_dns(off)

    assert known == replace(vpc, dns=off)
    assert known.judged_once("a way", lambda: "judged again") == "open"


def test_an_agent_that_is_connected_has_resolved_names() -> None:
    vpc = edited(healthy(), dns())

    (verdict,) = preflight(vpc, [PRIVATE], NEEDS, frozenset({PRIVATE.subnet}))

    assert not verdict.finding.failed
    (advice,) = verdict.advice
    assert "DNS resolution is off in vpc-1" in advice


def test_without_new_tasks_no_address_is_needed() -> None:
    full = change("subnets", "subnet-private", available_addresses=0)

    assert not finding(replace(NEEDS, new_tasks=0), full).failed


def test_the_subnets_together_must_have_an_address_for_each_task() -> None:
    vpc = edited(
        healthy(),
        change("subnets", "subnet-private", available_addresses=1),
        change("subnets", "subnet-public", available_addresses=2),
    )

    assert not enough_addresses(vpc, ["subnet-private", "subnet-public"], 3).failed
    short = enough_addresses(vpc, ["subnet-private", "subnet-public"], 4)
    assert (short.reason, short.failed) == (Reason.NO_FREE_ADDRESSES, True)
    assert "subnet-private, subnet-public have 3" in short.message


def test_an_unknown_proxy_is_no_finding_of_the_network() -> None:
    assert not finding(replace(NEEDS, proxy_address=""), only("tcp 443 0.0.0.0/0")).failed


@pytest.mark.parametrize(
    ("image", "hosts"),
    [
        ("public.ecr.aws/a/b:1", [("public.ecr.aws", 443)]),
        ("registry.example.com:5000/a@sha256:0", [("registry.example.com", 5000)]),
        ("localhost/a", [("localhost", 443)]),
        ("teleport:17", [("auth.docker.io", 443), ("registry-1.docker.io", 443)]),
        ("gravitational/teleport", [("auth.docker.io", 443), ("registry-1.docker.io", 443)]),
        ("docker.io/gravitational/teleport", [("auth.docker.io", 443), ("registry-1.docker.io", 443)]),
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/a",
            [
                ("api.ecr.us-east-1.amazonaws.com", 443),
                ("123456789012.dkr.ecr.us-east-1.amazonaws.com", 443),
                ("prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com", 443),
            ],
        ),
    ],
)
def test_what_a_pull_talks_to(image: str, hosts: list[tuple[str, int]]) -> None:
    found = replace(NEEDS, image=image).image_registry()

    assert [(item.name, item.port) for item in found] == hosts
    assert all(isinstance(item, Host) for item in found)


def test_private_ecr_of_the_own_region_is_served_by_endpoints() -> None:
    services = [item.service for item in PRIVATE_NEEDS.image_registry() if isinstance(item, AwsService)]

    assert services == ["ecr.api", "ecr.dkr", "s3"]


@pytest.mark.parametrize(
    ("region", "api", "store"),
    [
        ("eu-west-1", "rds.eu-west-1.amazonaws.com", "truststore.pki.rds.amazonaws.com"),
        (
            "us-gov-east-1",
            "rds.us-gov-east-1.amazonaws.com",
            "truststore.pki.us-gov-west-1.rds.amazonaws.com",
        ),
        ("cn-north-1", "rds.cn-north-1.amazonaws.com.cn", CHINA_STORE),
        ("cn-northwest-1", "rds.cn-northwest-1.amazonaws.com.cn", CHINA_STORE),
    ],
)
def test_names_follow_the_partition(region: str, api: str, store: str) -> None:
    needs = replace(NEEDS, region=region)

    def name(destinations: tuple[Destination, ...]) -> str:
        (destination,) = destinations
        return destination.name

    assert name(needs.rds_api()) == api
    assert name(needs.rds_trust_store()) == store


@pytest.mark.parametrize(
    ("address", "name", "port"),
    [
        ("proxy:3080", "proxy", 3080),
        ("proxy", "proxy", 443),
        ("[2600::1]:444", "2600::1", 444),
        ("2600::1", "2600::1", 443),
    ],
)
def test_the_proxys_address(address: str, name: str, port: int) -> None:
    (destination,) = replace(NEEDS, proxy_address=address).proxy()

    assert (destination.name, destination.port) == (name, port)
