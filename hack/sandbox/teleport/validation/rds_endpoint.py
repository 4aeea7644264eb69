"""What the host name of an RDS endpoint tells (Teleport api/utils/aws/endpoint.go).

`<id>.<random>.<region>.rds.amazonaws.com`, in China `<id>.<random>.rds.<region>.amazonaws.com.cn`. The prefix of
the random part tells what `<id>` names. RDS Proxy endpoints are not among them here.
"""

import re
from dataclasses import dataclass

_HOST = r"(?P<id>[^.]+)\.(?P<random>[^.]+)"
_STANDARD = re.compile(_HOST + r"\.(?P<region>[^.]+)\.rds\.amazonaws\.com")
_CHINA = re.compile(_HOST + r"\.rds\.(?P<region>[^.]+)\.amazonaws\.com\.cn")


@dataclass(frozen=True)
class RdsEndpoint:
    """At most one of the three names is set."""

    region: str
    instance_id: str = ""
    cluster_id: str = ""
    custom_endpoint: str = ""


def is_rds_endpoint(uri: str) -> bool:
    host = uri.rpartition(":")[0]
    return ".rds." in host and host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def parse_rds_endpoint(uri: str) -> RdsEndpoint | None:
    """None when `uri` (host:port) has not the form of an instance's or a cluster's endpoint."""
    host = uri.rpartition(":")[0]
    match = _STANDARD.fullmatch(host) or _CHINA.fullmatch(host)
    if match is None or match["random"].startswith("proxy-"):
        return None
    region, name, random = match["region"], match["id"], match["random"]
    if random.startswith("cluster-custom-"):
        return RdsEndpoint(region, custom_endpoint=name)
    if random.startswith("cluster-"):
        return RdsEndpoint(region, cluster_id=name)
    return RdsEndpoint(region, instance_id=name)
