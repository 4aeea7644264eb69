"""The teleport.yaml in a task's command."""

import base64

import pytest
import yaml

from hack.sandbox.teleport.agent_config import ConfigError, decode_config
from tests.unit.sandbox_teleport.world import command, config

BARE = """
version: v3
teleport:
  proxy_server: teleport.example.com:443
  ca_pin: ""
  nodename:
  join_params: {token_name: agents, method: iam}
auth_service: {enabled: no}
ssh_service: {enabled: "no"}
proxy_service:
  enabled: "no"
  https_keypairs: []
  https_keypairs_reload_interval: 0s
  acme: {}
db_service:
  enabled: yes
  resources:
  - labels:
      account-id: 012345678901
      region: [us-west-1, us-west-2]
"""


def test_scalars_stay_text_and_one_value_is_a_list_of_one() -> None:
    decoded = decode_config(command(BARE))
    assert decoded.database_service.enabled
    assert not decoded.auth_service.enabled
    assert decoded.database_service.resources[0].labels == {
        "account-id": ("012345678901",),
        "region": ("us-west-1", "us-west-2"),
    }
    assert (decoded.teleport.nodename, decoded.teleport.join_params.token_name) == ("", "agents")


def test_the_configuration_is_found_wherever_the_flag_stands() -> None:
    words = command(yaml.safe_dump(config()))
    assert decode_config([*words[-2:], *words[:-2]]).version == "v3"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["teleport", "start"], "--config-string"),
        (["teleport", "start", "--config-string"], "--config-string"),
        (["--config-string", "not base64!"], "base64"),
        (["--config-string", base64.b64encode(b"\xff\xfe").decode()], "text"),
        (command("teleport: ["), "YAML"),
        (command("just words"), "teleport.yaml"),
        (command(""), "teleport.yaml"),
    ],
)
def test_what_is_no_configuration_is_refused(words: list[str], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        decode_config(words)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"version": "v2"}, "version"),
        ({"version": None}, "version"),
        ({"auth_service": None}, "auth_service"),
        ({"ssh_service": {"enabled": "perhaps"}}, "ssh_service.enabled"),
        ({"db_service": {"enabled": "yes", "resource": []}}, "db_service.resource"),
        (
            {"db_service": {"enabled": "yes", "resources": [{"labels": {"*": "x"}}]}},
            "db_service.resources.0.labels",
        ),
        ({"db_service": {"enabled": "yes", "resources": [{"labels": {"env": "prod-*"}}]}}, "no patterns"),
        ({"windows_desktop_service": {"enabled": "no"}}, "windows_desktop_service"),
        ({"teleport": {"proxy_server": "x:443", "auth_token": "x"}}, "teleport.auth_token"),
        ({"teleport": {"proxy_server": "x:443"}}, "teleport.join_params"),
    ],
)
def test_a_key_that_is_missing_wrong_or_unknown_is_named(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        decode_config(command(yaml.safe_dump(config(**changes))))
