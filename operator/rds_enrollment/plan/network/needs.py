"""What an agent's task has to reach, as questions to the model."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rds_enrollment.plan.network.question import AwsService, Destination, Host
from rds_enrollment.plan.observed.network import Address

_HTTPS = 443
_DOCKER_HUB = ("auth.docker.io", "registry-1.docker.io")

_KNOWN_REGISTRIES = ("public.ecr.aws", "docker.io")

_CHINA_STORE_REGION = "cn-north-1"
_CHINA_STORE = "rds-truststore.s3.cn-north-1.amazonaws.com.cn"

_PRIVATE_ECR = re.compile(r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
"""Amazon ECR User Guide, "Amazon ECR private registries"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one deployment needs of its network."""

    region: str
    image: str
    """The container's image, with or without a tag or digest."""
    proxy_address: str
    """host:port of the Teleport proxy; empty while it is not known."""
    trust_store: bool
    """Whether agents fetch the RDS trust store: they do unless the databases name a CA."""
    new_tasks: int
    """Tasks that are still to be started, each with an address of its own."""
    http_proxy: str = ""
    """host:port of the proxy that the agents are told to use (HTTPS_PROXY), if any. ECS does not use it: images and
    logs go the direct way."""
    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """What names resolve to, by name, as far as that was asked; nothing where there is no answer that a VPC could
    reach."""

    @property
    def unresolved(self) -> frozenset[str]:
        """Hosts whose addresses were asked for in vain."""
        return frozenset(name for name, addresses in self.addresses.items() if not addresses)

    def names(self) -> frozenset[str]:
        """Hosts whose addresses should be asked for: those that may be private, unlike AWS's and Docker Hub's."""
        registry = _registry_of(self.image)
        known = registry in _KNOWN_REGISTRIES or _PRIVATE_ECR.fullmatch(registry)
        hosts = [] if known else [registry]
        hosts += filter(None, (self.http_proxy or self.proxy_address,))
        return frozenset(_split(host)[0] for host in hosts)

    def image_registry(self) -> tuple[Destination, ...]:
        """All that a pull talks to.

        Private ECR: the API for the token, the registry for manifests, S3 for layers; VPC endpoints serve their
        own region only, and none serves public.ecr.aws (Amazon ECR User Guide, "Amazon ECR interface VPC
        endpoints", for Fargate's platform version 1.4.0).
        """
        registry = _registry_of(self.image)
        private = _PRIVATE_ECR.fullmatch(registry)
        if private is None:
            hosts = _DOCKER_HUB if registry == "docker.io" else (registry,)
            return tuple(self._host(host) for host in hosts)
        region = private["region"]
        domain = _domain(region)
        names = {
            "ecr.api": f"api.ecr.{region}.{domain}",
            "ecr.dkr": registry,
            "s3": f"prod-{region}-starport-layer-bucket.s3.{region}.{domain}",
        }
        if region != self.region:
            return tuple(self._host(name) for name in names.values())
        return tuple(self._service(service, name) for service, name in names.items())

    def proxy(self) -> tuple[Destination, ...]:
        """The Teleport proxy, for the tunnel."""
        return self._of_agent(self._host(self.proxy_address)) if self.proxy_address else ()

    def rds_trust_store(self) -> tuple[Destination, ...]:
        """Where agents fetch the CAs of RDS: one host per partition (Teleport lib/srv/db/ca.go).

        China's is a bucket, which the S3 endpoints of its own region serve.
        """
        return self._of_agent(self._trust_store()) if self.trust_store else ()

    def _trust_store(self) -> Destination:
        if self.region == _CHINA_STORE_REGION:
            return self._service("s3", _CHINA_STORE)
        if self.region.startswith("cn-"):
            return self._host(_CHINA_STORE)
        partition = "us-gov-west-1." if self.region.startswith("us-gov-") else ""
        return self._host(f"truststore.pki.{partition}rds.amazonaws.com")

    def rds_api(self) -> tuple[Destination, ...]:
        """RDS, whose databases the agents describe."""
        return self._of_agent(self._aws_api("rds"))

    def sts_api(self) -> tuple[Destination, ...]:
        """STS, for roles that the agents assume."""
        return self._of_agent(self._aws_api("sts"))

    def logs_api(self) -> tuple[Destination, ...]:
        """CloudWatch Logs, which ECS writes to."""
        return (self._aws_api("logs"),)

    def _aws_api(self, service: str) -> Destination:
        """The regional endpoint (AWS General Reference, "Service endpoints")."""
        return self._service(service, f"{service}.{self.region}.{_domain(self.region)}")

    def _of_agent(self, destination: Destination) -> tuple[Destination, ...]:
        return (self._host(self.http_proxy) if self.http_proxy else destination,)

    def _host(self, address: str) -> Host:
        name, port = _split(address)
        return Host(name, port, self.addresses.get(name, ()))

    def _service(self, service: str, name: str) -> AwsService:
        return AwsService(service, name, _HTTPS, self.addresses.get(name, ()))


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _registry_of(image: str) -> str:
    """The first part of an image's name is its registry when it looks like a host (OCI distribution reference)."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def _split(address: str) -> tuple[str, int]:
    """host, host:port or [IPv6]:port."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return address.strip("[]"), _HTTPS
