"""The teleport.yaml that an ECS task carries in its command, read as the agent reads it.

Only what a deployed Database Service needs is understood; any other key is refused, as Teleport refuses keys that
it does not know (lib/config, ReadConfig).
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from hack.sandbox.teleport.labels import WILDCARD

CONFIG_FLAG = "--config-string"

_FLAGS = {
    **dict.fromkeys(("yes", "yeah", "y", "true", "1", "on"), True),
    **dict.fromkeys(("no", "nope", "n", "false", "0", "off"), False),
}
"""Teleport api/utils, ParseBool."""


class ConfigError(ValueError):
    """The task's configuration cannot be used; says why."""


def _flag(value: Any) -> bool:
    if not isinstance(value, str) or value.lower() not in _FLAGS:
        raise ValueError(f"{value!r} is neither yes nor no")
    return _FLAGS[value.lower()]


def _strings(value: Any) -> Any:
    """One value may stand for a list of one (Teleport api/utils, Strings)."""
    return (value,) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
Strings = Annotated[tuple[str, ...], BeforeValidator(_strings)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class JoinParams(_Section):
    token_name: str
    method: str


class LogFormat(_Section):
    output: str = "text"


class Log(_Section):
    output: str = "stderr"
    severity: str = "INFO"
    format: LogFormat = LogFormat()


class TeleportSection(_Section):
    proxy_server: str
    join_params: JoinParams
    nodename: str = ""
    data_dir: str = "/var/lib/teleport"
    log: Log = Log()
    ca_pin: Strings = ()
    diag_addr: str = ""


class SshService(_Section):
    enabled: Flag


class AuthService(_Section):
    enabled: Flag
    proxy_listener_mode: str = ""


class ProxyService(_Section):
    """The last three are what Teleport's sample configuration leaves behind."""

    enabled: Flag
    https_keypairs: tuple[str, ...] = ()
    https_keypairs_reload_interval: str = "0s"
    acme: dict[str, str] = {}


def _selector(labels: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for key, values in labels.items():
        if key == WILDCARD and values != (WILDCARD,):
            raise ValueError("label * takes the value * alone")
        for value in values:
            if value != WILDCARD and (WILDCARD in value or value.startswith("^")):
                raise ValueError(f"value {value!r}: the sandbox has no patterns but {WILDCARD}")
    return labels


class ResourceMatcher(_Section):
    labels: Annotated[dict[str, Strings], AfterValidator(_selector)]


class DatabaseService(_Section):
    enabled: Flag
    resources: tuple[ResourceMatcher, ...] = ()


class AgentConfig(_Section):
    """teleport.yaml of a Database Service."""

    version: Literal["v3"]
    teleport: TeleportSection
    auth_service: AuthService
    ssh_service: SshService
    proxy_service: ProxyService
    database_service: DatabaseService = Field(alias="db_service")


def decode_config(command: Sequence[str]) -> AgentConfig:
    """The configuration after `--config-string` in a container's command. Raises ConfigError."""
    return _parse(_decode(_argument(command)))


def _argument(command: Sequence[str]) -> str:
    words = list(command)
    if CONFIG_FLAG not in words[:-1]:
        raise ConfigError(f"the command has no {CONFIG_FLAG} with a value")
    return words[words.index(CONFIG_FLAG) + 1]


def _decode(argument: str) -> str:
    try:
        return base64.b64decode(argument, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG_FLAG} is not base64 of a text: {error}") from error


def _parse(text: str) -> AgentConfig:
    try:
        # Every scalar stays text, as Teleport decodes them: an account id must not become a number.
        document = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - builds nothing but text, lists and maps
    except yaml.YAMLError as error:
        raise ConfigError(f"{CONFIG_FLAG} is not YAML: {error}") from error
    try:
        return AgentConfig.model_validate(document)
    except ValidationError as error:
        raise ConfigError("; ".join(_describe(each) for each in error.errors())) from error


def _describe(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"]) or "teleport.yaml"
    return f"{path}: {error['msg']}"
