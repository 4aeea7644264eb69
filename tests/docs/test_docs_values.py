"""Every set of chart values in the docs renders, and every `--set` names a value that there is."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import offline
from tests.docs.blocks import CHART, Block, blocks, commands

MARK = "# values.yaml\n"
REQUIRED = {"teleport": {"address": "teleport.example.com:443", "identity": {"secretName": "identity"}}}
"""What the chart asks for beyond a page's own topic."""
VALUES = [block for block in blocks("yaml") if block.text.startswith(MARK)]


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` upon `base`, map by map; a choice of tbot takes the place of the Secret."""
    return base | {
        key: merged(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in over.items()
    }


@pytest.mark.parametrize("block", VALUES, ids=str)
def test_values_render(block: Block, tmp_path: Path) -> None:
    given = yaml.safe_load(block.text)
    identity = given.get("teleport", {}).get("identity")
    values = merged(REQUIRED, given)
    if identity:
        values["teleport"]["identity"] = identity
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    rendered = offline().run("template", "docs", str(CHART), f"--values={path}")
    assert "kind: Deployment" in rendered


def test_values_named_by_commands_and_prose_exist() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    named = [
        assignment.partition("=")[0]
        for command in commands()
        for flag, assignment in zip(command.words, command.words[1:], strict=False)
        if flag == "--set"
    ]
    assert named
    for name in named:
        found = values
        for part in name.split("."):
            assert part in found, f"the chart has no value {name}"
            found = found[part]
