"""The db object of a candidate, as Teleport's wizard describes it and the spec extends it.

Source: Teleport lib/srv/discovery/common/database.go (the functions that set a `status` label).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.databases import RESERVED_LABEL_PREFIXES, DatabaseKind, SystemCertPool
from rds_enrollment.api.rds_enrollment import RdsEnrollmentSpec
from rds_enrollment.plan.enrollment.candidates import PROTOCOLS, Candidate, EndpointType
from rds_enrollment.plan.observed.aws import Tags
from rds_enrollment.plan.observed.teleport import Database, DatabaseTls, RdsMetadata

ENDPOINT_TYPE_LABEL = "endpoint-type"
ENGINE_LABEL = "engine"

_LABEL_KEY = re.compile(r"[a-zA-Z/.0-9_:*-]+")
_DESCRIPTION_SUFFIX = {
    EndpointType.PRIMARY: "",
    EndpointType.READER: " (reader endpoint)",
    EndpointType.CUSTOM: " (custom endpoint)",
}


class Blueprint:
    """What every db object of one enrolment has in common."""

    def __init__(self, spec: RdsEnrollmentSpec, owner_mark: str) -> None:
        self._owner_mark = owner_mark
        self._labels = spec.labels
        self._include = _matcher(spec.tag_labels.include)
        self._exclude = _matcher(spec.tag_labels.exclude)
        self._tls = spec.tls
        self._is_label = cache(self._decide)

    def database(self, candidate: Candidate, name: str) -> Database:
        """The db object. Its name may be one that Teleport refuses: see `naming.is_valid_name`."""
        resource = candidate.resource
        is_cluster = resource.kind is DatabaseKind.CLUSTER
        return Database(
            name=name,
            description=_description(candidate),
            labels=self._all_labels(candidate),
            protocol=PROTOCOLS[candidate.engine],
            uri=f"{candidate.host}:{candidate.port}",
            region=resource.region,
            account_id=resource.account,
            rds=RdsMetadata(
                instance_id="" if is_cluster else resource.identifier,
                cluster_id=resource.identifier if is_cluster else "",
                resource_id=resource.resource_id,
                iam_auth=candidate.iam_auth,
                subnets=candidate.subnets,
                vpc_id=candidate.vpc_id,
                security_groups=candidate.security_groups,
            ),
            tls=DatabaseTls(
                mode=self._tls.mode,
                ca_certificate=self._tls.ca_certificate or "",
                server_name=candidate.certified_host,
                trust_system_cert_pool=self._tls.system_cert_pool is SystemCertPool.TRUSTED,
            ),
        )

    def _all_labels(self, candidate: Candidate) -> Mapping[str, str]:
        """Computed labels win over AWS tags, against Teleport's own order: agents and roles are matched by labels,
        so whoever may tag a database must not be able to move it to other agents or other people."""
        return {
            **self._tag_labels(candidate.tags),
            **self._labels,
            "account-id": candidate.resource.account,
            "region": candidate.resource.region,
            "vpc-id": candidate.vpc_id,
            ENGINE_LABEL: candidate.engine,
            "engine-version": candidate.engine_version,
            ENDPOINT_TYPE_LABEL: candidate.endpoint_type.value,
            "status": candidate.status,
            "teleport.dev/cloud": "AWS",
            "teleport.dev/origin": "dynamic",
            OWNER_MARK: self._owner_mark,
        }

    def _tag_labels(self, tags: Tags) -> Mapping[str, str]:
        return {key: value for key, value in tags.items() if self._is_label(key)}

    def _decide(self, key: str) -> bool:
        return (
            _LABEL_KEY.fullmatch(key) is not None
            and not key.startswith(RESERVED_LABEL_PREFIXES)
            and self._include.fullmatch(key) is not None
            and self._exclude.fullmatch(key) is None
        )


def _description(candidate: Candidate) -> str:
    region = candidate.resource.region
    if candidate.endpoint_type is EndpointType.INSTANCE:
        return f"RDS instance in {region}"
    return f"Aurora cluster in {region}{_DESCRIPTION_SUFFIX[candidate.endpoint_type]}"


def _matcher(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches what one of `patterns` does, in which * stands for any characters; nothing for no patterns."""
    alternatives = (".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    return re.compile("|".join(alternatives) if patterns else r"(?!)", re.DOTALL)
