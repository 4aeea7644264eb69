"""The operator's settings, defined once: each field is an environment variable and a flag."""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rds_enrollment.runtime.config_file import read_config
from rds_enrollment.runtime.fatal import FatalError
from rds_enrollment.runtime.log_levels import AREAS, parse_levels

ENV_PREFIX = "RDS_ENROLLMENT_"
_CONFIG = "config"

_ADDRESS = re.compile(r"^(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})$")
_NAMESPACE = re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")

_HOST = re.compile(r"^(\*\.)?[A-Za-z0-9._-]+$")


class Address(NamedTuple):
    """A host (IPv6 without brackets) and a TCP port."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """`host:port`, IPv6 in brackets. Raises ValueError."""
    match = _ADDRESS.match(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"{text!r} is not host:port")
    return Address(match["host"].strip("[]"), int(match["port"]))


def _listening(text: str) -> str:
    parse_address(text)
    return text


def _dialled(text: str) -> str:
    if parse_address(text).port == 0:
        raise ValueError(f"{text!r} has port 0; name the port of the auth service")
    return text


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _namespace(name: str) -> str:
    if not _NAMESPACE.match(name):
        raise ValueError(f"{name!r} is not a namespace name")
    return name


def _namespaces(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_namespace, names)))


def _object_name(name: str) -> str:
    if not all(map(_NAMESPACE.match, name.split("."))):
        raise ValueError(f"{name!r} is not the name of a Kubernetes object")
    return name


def _capitalised(value: Any) -> Any:
    return value.capitalize() if isinstance(value, str) else value


def _host_addresses(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        host, equals, address = entry.partition("=")
        if not equals or not _HOST.match(host):
            raise ValueError(f"{entry!r} is not host=address")
        ip_address(address)
    return entries


def _log_levels(text: str) -> str:
    parse_levels(text)
    return text


class Settings(BaseSettings):
    """Settings of `rds-enrollment run`. AWS and Kubernetes are configured by their own standard variables."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True)

    config: Path | None = Field(
        default=None,
        description="YAML file with settings, under the names of their flags without the dashes in front; flags and"
        " variables win.",
    )
    teleport_address: Annotated[str, AfterValidator(_dialled)] = Field(
        description="Teleport's auth service or proxy, as host:port."
    )
    teleport_identity: Path = Field(
        description="Identity file for Teleport, or a folder written by Machine ID (tbot)."
    )
    teleport_connection: Literal["auto", "direct", "tls-routing", "websocket"] = Field(
        default="auto",
        description="Way to Teleport's auth service: direct, through a proxy by TLS routing, or through a load balancer"
        " by WebSocket; auto: found by trying. HTTPS_PROXY and NO_PROXY apply to each.",
    )
    teleport_ca_file: Path | None = Field(
        default=None,
        description="PEM file with the authorities of the proxy's web certificate, besides the system's.",
    )
    teleport_edition: Literal["auto", "oss", "ent"] = Field(
        default="auto", description="Edition of the agents' image; auto: that of the Teleport cluster."
    )
    fips: bool = Field(
        default=False,
        description="Call AWS at its FIPS endpoints, and run Teleport's FIPS image, which is an enterprise one, in FIPS"
        " mode.",
    )
    owner_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = Field(
        default=None,
        description="Marks what this operator owns, up to 40 of A-Z a-z 0-9 . _ - (default: UID of namespace"
        " kube-system).",
    )
    assume_roles: Path | None = Field(
        default=None,
        description="YAML file with the IAM roles that AwsOidcIntegrations may name in spec.assumeRoleArn, each with"
        " its external id, by namespace (default: none may be named).",
    )
    watch_namespaces: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_namespaces)
    ] = Field(default=(), description="Namespaces to serve, separated by commas (default: all).")
    lease_name: Annotated[str, Field(max_length=253), AfterValidator(_object_name)] = Field(
        default="rds-enrollment-operator",
        description="Lease that one process of this operator holds while it works; each operator of a Kubernetes"
        " cluster needs its own.",
    )
    lease_namespace: Annotated[str, AfterValidator(_namespace)] | None = Field(
        default=None, description="Namespace of the Lease (default: the pod's own; outside a pod: default)."
    )
    lease_identity: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None,
        description="Who holds the Lease, such as the pod's name: no two processes that run at the same time may"
        " have the same (default: host name and a random number).",
    )
    lease_seconds: int = Field(
        default=15,
        ge=3,
        le=600,
        description="How long a leader that died without a word keeps its successor waiting, at most.",
    )
    http_address: Annotated[str, AfterValidator(_listening)] = Field(
        default="0.0.0.0:8080",
        description="Where /metrics, /healthz and /readyz are served, as host:port.",
    )
    workers: int = Field(
        default=16,
        ge=1,
        le=256,
        description="Objects reconciled at a time; a quarter of them at most belongs to one integration.",
    )
    aws_threads: int = Field(
        default=32,
        ge=1,
        le=256,
        description="AWS calls at a time; a quarter of them at most is made with one account's credentials.",
    )
    aws_calls_per_second: float = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Requests to AWS in a second, in each account and region; those of one second may come at once (0:"
        " any number).",
    )
    concurrent_writes: int = Field(
        default=16,
        ge=1,
        le=256,
        description="Writes of one pass at a time, where none builds on another: the db objects of an enrolment.",
    )
    max_concurrent_rollouts: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Deployments of the Teleport cluster whose agents change their version at a time.",
    )
    max_deletions_per_hour: int = Field(
        default=20,
        ge=0,
        le=100_000,
        description="Deleted objects whose things in AWS and Teleport begin to be removed within an hour; the rest wait"
        " (0: any number).",
    )
    poll_seconds: float = Field(
        default=15.0,
        gt=0,
        description="How soon to look again at what is in progress in AWS or Teleport; sooner at what AWS has just"
        " begun.",
    )
    watch_check_seconds: float = Field(
        default=30.0, gt=0, description="How often the watch is compared with a list of the objects."
    )
    watch_grace_seconds: float = Field(
        default=60.0, gt=0, description="How long a change may stay undelivered before /healthz fails."
    )
    read_only: bool = Field(
        default=False,
        description="Write nothing in AWS and Teleport, and nothing but status and Events in Kubernetes: every object"
        " is treated as if its managementPolicy were Observe, and deleted ones stay.",
    )
    adoption: Literal["IfTagged", "Always"] = Field(
        default="IfTagged",
        description="The most that adoptionPolicy of an object may ask for. With Always whoever writes objects can take"
        " over roles and other things of the account that nothing marks as Teleport's.",
    )
    preflight: Annotated[Literal["Warn", "Block"], BeforeValidator(_capitalised)] = Field(
        default="Warn",
        description="What a finding in a VPC does to a deployment there: Warn only tells, Block also keeps its service"
        " from being made or changed.",
    )
    host_addresses: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_host_addresses)
    ] = Field(
        default=(),
        description="Addresses of hosts as the VPCs see them, where the operator's DNS tells others: host=address,"
        " separated by commas; *.domain stands for all its hosts.",
    )
    docs_url: Annotated[str, Field(pattern=r"^https?://[^\s#?]{1,200}$")] | None = Field(
        default=None,
        description="Where the site of this project's docs is, such as your own copy: messages end with a link into it"
        " (default: the path of the page in the repository).",
    )
    object_metrics: bool = Field(
        default=True, description="Whether /metrics has series of single objects, besides the sums over all."
    )
    log_level: Annotated[str, AfterValidator(_log_levels)] = Field(
        default="info",
        description="Least level that is logged: debug, info, warning or error; and of single areas, such as"
        " info,aws=debug,teleport=warning. Areas: " + ", ".join(AREAS) + ".",
    )
    log_format: Literal["json", "text"] = Field(default="json", description="Form of the log lines.")


def flag_name(field: str) -> str:
    """The command-line flag of a field."""
    return "--" + field.replace("_", "-")


def variable_name(field: str) -> str:
    """The environment variable of a field."""
    return ENV_PREFIX + field.upper()


def load(flags: dict[str, Any]) -> Settings:
    """Settings from the flags given (None: not given), else the environment, else the file that `config` names, else
    the defaults.

    Raises FatalError (exit code 2), with every fault in one line.
    """
    given = {field: value for field, value in flags.items() if value is not None}
    config = given.get(_CONFIG) or os.environ.get(variable_name(_CONFIG))
    written = read_config(Path(config), Settings.model_fields.keys() - {_CONFIG}) if config else {}
    inherited = {field: value for field, value in written.items() if variable_name(field) not in os.environ}
    try:
        return Settings(**{**inherited, **given})
    except ValidationError as error:
        faults = "; ".join(_fault(fault["loc"], fault) for fault in error.errors())
        raise FatalError(faults, exit_code=2) from None


def _fault(location: tuple[int | str, ...], fault: Any) -> str:
    field = str(location[0])
    where = f"{flag_name(field)} ({variable_name(field)})"
    if fault["type"] == "missing":
        return f"{where} is required"
    if fault["type"] == "value_error":
        return f"{where}: {fault['ctx']['error']}"
    return f"{where}: {fault['input']!r}: {fault['msg']}"
