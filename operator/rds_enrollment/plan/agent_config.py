"""The agents' teleport.yaml, as Teleport's deploy step generates it and reads it back.

Sources: Teleport lib/integrations/awsoidc/deployserviceconfig/deployservice_config.go (values);
lib/web/integrations_awsoidc.go (reads `--config-string` and `db_service.resources[0].labels` back).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import yaml

CONFIG_FLAG = "--config-string"
ACCOUNT_LABEL, REGION_LABEL, VPC_LABEL = "account-id", "region", "vpc-id"
"""The labels of a database by which agents find it."""


def agent_config(
    *, proxy_address: str, join_token: str, labels: Mapping[str, str], log_severity: str = "INFO"
) -> dict[str, Any]:
    """The configuration as plain data. `labels` select the databases; the wizard logs at debug, we at INFO."""
    return {
        "version": "v3",
        "teleport": {
            "data_dir": "/var/lib/teleport",
            "join_params": {"token_name": join_token, "method": "iam"},
            "proxy_server": proxy_address,
            "log": {"output": "stderr", "severity": log_severity, "format": {"output": "text"}},
        },
        "auth_service": {"enabled": "no"},
        "ssh_service": {"enabled": "no"},
        "proxy_service": {"enabled": "no"},
        "db_service": {"enabled": "yes", "resources": [{"labels": dict(labels)}]},
    }


def matcher_labels(account: str, region: str, vpc_id: str) -> dict[str, str]:
    """The labels by which a deployment's agents find their databases."""
    return {ACCOUNT_LABEL: account, REGION_LABEL: region, VPC_LABEL: vpc_id}


def matches(matcher: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether agents with `matcher` serve a database with `labels`.

    A value is taken literally, but for `*`, which stands for anything, or as a regular expression between ^ and $. The
    key `*` with the value `*` matches every database (Teleport lib/services/role.go, MatchLabels; lib/utils/replace.go,
    SliceMatchesRegex).
    """
    return matcher.get("*") == "*" or all(
        key in labels and _is_like(value, labels[key]) for key, value in matcher.items()
    )


def _is_like(pattern: str, value: str) -> bool:
    expression = _expression(pattern)
    return expression is not None and expression.fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str] | None:
    """None for one that Python cannot read: it matches nothing."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        pattern = re.escape(pattern).replace(r"\*", ".*")
    try:
        return re.compile(pattern)
    except re.error:
        return None


def encode(config: Mapping[str, Any]) -> str:
    """The value of `--config-string`: standard base64 of the YAML."""
    return _encoded(json.dumps(config))


@lru_cache(maxsize=256)
def _encoded(config: str) -> str:
    """Of a configuration as JSON: a plan asks several times for the same, and PyYAML takes milliseconds for each."""
    return base64.b64encode(yaml.safe_dump(json.loads(config), sort_keys=False).encode()).decode()


def command(config: Mapping[str, Any], *, fips: bool = False) -> list[str]:
    """The container's command: dumb-init turns SIGTERM into SIGQUIT, Teleport's graceful shutdown. The FIPS binary
    runs in FIPS mode when it is told to (`teleport start --fips`)."""
    mode = ["--fips"] if fips else []
    return ["--rewrite", "15:3", "--", "teleport", "start", *mode, CONFIG_FLAG, encode(config)]


def join_token_of(container_command: Sequence[str]) -> str:
    """Name of the token that an agent joins with; empty when its command does not tell."""
    teleport = (decoded(container_command) or {}).get("teleport")
    params = teleport.get("join_params") if isinstance(teleport, Mapping) else None
    return str(params.get("token_name", "")) if isinstance(params, Mapping) else ""


def effective(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a configuration means: without what is empty, and without the settings of services that are off, which
    Teleport's generator leaves in from its sample (lib/config/configuration.go, MakeSampleFileConfig)."""
    return {key: _effective(value) for key, value in config.items()}


def _effective(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if value.get("enabled") == "no":
        return {"enabled": "no"}
    kept = {key: _effective(item) for key, item in value.items() if item not in ("", None, [], {})}
    return kept | {"severity": str(kept["severity"]).upper()} if "severity" in kept else kept


def decoded(container_command: Sequence[str]) -> Mapping[str, Any] | None:
    """The configuration in a container's command; None when there is none or it cannot be read."""
    words = list(container_command)
    try:
        text = base64.b64decode(words[words.index(CONFIG_FLAG) + 1], validate=True)
        config = yaml.safe_load(text)
    except (ValueError, IndexError, binascii.Error, yaml.YAMLError):
        return None
    return cast("Mapping[str, Any]", config) if isinstance(config, Mapping) else None
