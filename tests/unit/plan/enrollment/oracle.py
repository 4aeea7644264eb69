"""What Teleport should hold for an estate, stated from Teleport's own rules and not from the planner's code.

Source: Teleport v18 lib/srv/discovery/common/database.go and renaming.go (names, labels, protocols),
lib/cloud/aws/aws.go (statuses, unsupported versions), api/types/database.go (legal names and label keys).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rds_enrollment.plan.observed.aws import DbCluster, DbInstance, RdsInventory

STOPPED_INSTANCE = (
    *("creating", "deleting", "failed", "starting", "stopped", "stopping", "insufficient-capacity"),
    *("inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable"),
    *("incompatible-network", "incompatible-restore"),
)
STOPPED_CLUSTER = (
    *("cloning-failed", "creating", "deleting", "starting", "stopped", "stopping", "migration-failed"),
    "inaccessible-encryption-credentials",
)
OVERRIDES = ("TeleportDatabaseName", "teleport.dev/database_name")
OURS = ("teleport.dev/", "teleport.internal/", "rds-enrollment.dev/")


@dataclass(frozen=True)
class Expected:
    """A db object, and where it comes from."""

    name: str
    uri: str
    protocol: str
    labels: Mapping[str, str]
    server_name: str
    source: DbInstance | DbCluster
    vpc: str


def expected(spec: Mapping[str, Any], mark: str, *inventories: RdsInventory) -> list[Expected]:
    """Every endpoint that can and should be enrolled, its name not yet checked against the others'."""
    return [
        item
        for listed in inventories
        if listed.region in spec["regions"]
        for item in (*_instances(spec, mark, listed), *_clusters(spec, mark, listed))
        if re.match(r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?\Z", item.name)
    ]


def _instances(spec: Mapping[str, Any], mark: str, listed: RdsInventory) -> Iterator[Expected]:
    for each in listed.instances:
        if each.cluster_identifier or each.engine not in ("postgres", "mysql", "mariadb"):
            continue
        if each.engine == "mariadb" and tuple(map(int, each.engine_version.split(".")[:2])) < (10, 6):
            continue
        if each.status in STOPPED_INSTANCE or not each.endpoint or not each.vpc_id:
            continue
        if _chosen(spec, listed, each, "Instance", each.vpc_id):
            yield _object(spec, mark, listed, each, "", "instance", each.endpoint, each.vpc_id)


def _clusters(spec: Mapping[str, Any], mark: str, listed: RdsInventory) -> Iterator[Expected]:
    for each in listed.clusters:
        places = {item.vpc_id for item in listed.instances if item.cluster_identifier == each.identifier}
        if each.engine not in ("aurora-mysql", "aurora-postgresql") or each.engine_mode == "serverless":
            continue
        if each.status in STOPPED_CLUSTER or not each.endpoint or not places:
            continue
        (vpc,) = places
        if not _chosen(spec, listed, each, "Cluster", vpc):
            continue
        yield _object(spec, mark, listed, each, "", "primary", each.endpoint, vpc)
        if "Reader" in spec["endpoints"] and any(not member.writer for member in each.members):
            yield _object(spec, mark, listed, each, "-reader", "reader", each.reader_endpoint, vpc)
        if "Custom" in spec["endpoints"]:
            for host in each.custom_endpoints:
                suffix = f"-custom-{host.split('.')[0]}"
                yield _object(spec, mark, listed, each, suffix, "custom", host, vpc)


def _chosen(
    spec: Mapping[str, Any], listed: RdsInventory, each: DbInstance | DbCluster, kind: str, vpc: str
) -> bool:
    if spec["iamAuthentication"] == "Require" and not each.iam_auth:
        return False
    choice = spec["databases"]
    if "identifiers" in choice:
        return any(
            (item["kind"], item["name"]) == (kind, each.identifier)
            and item.get("region", listed.region) == listed.region
            for item in choice["identifiers"]
        )
    selector = choice.get("selector", {})
    return (
        vpc in selector.get("vpcIds", [vpc])
        and each.engine in selector.get("engines", [each.engine])
        and all(each.tags.get(key) == value for key, value in selector.get("tags", {}).items())
    )


def _object(
    spec: Mapping[str, Any],
    mark: str,
    listed: RdsInventory,
    each: DbInstance | DbCluster,
    suffix: str,
    endpoint_type: str,
    host: str,
    vpc: str,
) -> Expected:
    computed = {
        "account-id": listed.account,
        "region": listed.region,
        "vpc-id": vpc,
        "engine": each.engine,
        "engine-version": each.engine_version,
        "endpoint-type": endpoint_type,
        "status": each.status,
        "teleport.dev/cloud": "AWS",
        "teleport.dev/origin": "dynamic",
        "rds-enrollment.dev/owner": mark,
    }
    from_tags = {key: value for key, value in each.tags.items() if _becomes_label(spec["tagLabels"], key)}
    return Expected(
        name=_name(spec["naming"]["strategy"], listed, each, suffix),
        uri=f"{host}:{each.port}",
        protocol="postgres" if "postgres" in each.engine else "mysql",
        labels=from_tags | spec["labels"] | computed,
        server_name=each.endpoint if endpoint_type == "custom" else "",
        source=each,
        vpc=vpc,
    )


def _becomes_label(tag_labels: Mapping[str, Any], key: str) -> bool:
    legal = re.match(r"^[a-zA-Z/.0-9_:*-]+\Z", key) is not None
    ours = any(key.startswith(prefix) for prefix in OURS)
    taken = any(_like(pattern, key) for pattern in tag_labels.get("include", ["*"]))
    left = any(_like(pattern, key) for pattern in tag_labels.get("exclude", []))
    return legal and not ours and taken and not left


def _like(pattern: str, key: str) -> bool:
    """`*` stands for any characters, tried letter by letter."""
    if not pattern:
        return not key
    if pattern[0] == "*":
        return any(_like(pattern[1:], key[cut:]) for cut in range(len(key) + 1))
    return bool(key) and key[0] == pattern[0] and _like(pattern[1:], key[1:])


def _name(strategy: str, listed: RdsInventory, each: DbInstance | DbCluster, suffix: str) -> str:
    for tag in OVERRIDES:
        if each.tags.get(tag):
            return each.tags[tag] + suffix
    name = each.identifier + suffix
    if strategy == "Qualified":
        kind = "rds-aurora" if isinstance(each, DbCluster) else "rds"
        for part in (kind, listed.region, listed.account):
            if part not in (each.identifier + suffix).lower():
                name += f"-{part}"
    return name
