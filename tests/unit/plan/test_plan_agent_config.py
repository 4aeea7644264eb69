"""The agents' teleport.yaml in `--config-string`, and reading it back."""

import base64
from collections.abc import Sequence

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.plan import agent_config

CONFIG = {
    "version": "v3",
    "teleport": {
        "data_dir": "/var/lib/teleport",
        "proxy_server": "example.teleport.sh:443",
        "join_params": {"token_name": "our-token", "method": "iam"},
        "log": {"output": "stderr", "severity": "INFO", "format": {"output": "text"}},
    },
    "auth_service": {"enabled": "no"},
    "ssh_service": {"enabled": "no"},
    "proxy_service": {"enabled": "no"},
    "db_service": {
        "enabled": "yes",
        "resources": [
            {
                "labels": {
                    "account-id": "123456789012",
                    "region": "us-west-1",
                    "vpc-id": "vpc-0123456789abcdef0",
                }
            }
        ],
    },
}
COMMAND_HEAD = ["--rewrite", "15:3", "--", "teleport", "start", "--config-string"]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_configuration_selects_the_vpcs_databases() -> None:
    labels = agent_config.matcher_labels("123456789012", "us-west-1", "vpc-0123456789abcdef0")
    config = agent_config.agent_config(
        proxy_address="example.teleport.sh:443", join_token="our-token", labels=labels
    )
    assert config == CONFIG


def test_the_command_carries_standard_base64_of_yaml() -> None:
    command = agent_config.command(CONFIG)
    assert command[:-1] == COMMAND_HEAD
    text = base64.b64decode(command[-1], validate=True).decode()
    assert yaml.safe_load(text) == CONFIG
    # YAML 1.1 knows a bare no as a boolean and a bare run of digits as a number.
    assert "enabled: 'no'" in text
    assert "account-id: '123456789012'" in text


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["teleport", "start"],
        COMMAND_HEAD,
        [*COMMAND_HEAD, "not base64!"],
        [*COMMAND_HEAD, "AAA"],
        [*COMMAND_HEAD, base64.b64encode(b"\xff\xfe\xff").decode()],
        [*COMMAND_HEAD, encoded("a: [")],
        [*COMMAND_HEAD, encoded("")],
        [*COMMAND_HEAD, encoded("- a\n- b\n")],
        [*COMMAND_HEAD, encoded("!!python/object/apply:os.getcwd []")],
    ],
)
def test_what_is_no_configuration_reads_as_none(command: Sequence[str]) -> None:
    assert agent_config.decoded(command) is None


def test_the_configuration_is_found_wherever_the_flag_stands() -> None:
    assert agent_config.decoded(["start", "--config-string", encoded("version: v3"), "--debug"]) == {
        "version": "v3"
    }


texts = st.text(max_size=12)


@settings(deadline=None)
@given(proxy=texts, token=texts, labels=st.dictionaries(st.text(min_size=1, max_size=8), texts, max_size=3))
def test_whatever_is_written_is_read_back(proxy: str, token: str, labels: dict[str, str]) -> None:
    config = agent_config.agent_config(proxy_address=proxy, join_token=token, labels=labels)
    assert agent_config.decoded(agent_config.command(config)) == config
