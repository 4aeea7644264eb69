"""What maintainers are told: paths exist, hooks call what is there, each release is told of."""

import re

import pytest
import yaml
from rds_enrollment import __version__

from tests.docs.blocks import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/releasing.md")
MAKEFILE = (ROOT / "Makefile").read_text()
PACKAGE = ROOT / "operator" / "rds_enrollment"


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    """Paths are told from the root or from the package."""
    told = re.findall(r"`([a-z_]+/[\w./-]+)`", (ROOT / page).read_text())
    missing = [path for path in told if not (ROOT / path).exists() and not (PACKAGE / path).exists()]
    assert missing == []


def test_hooks_call_what_the_lock_or_the_makefile_brings() -> None:
    lock = (ROOT / "requirements" / "dev.txt").read_text()
    programs = {"ruff": "ruff", "lint-imports": "import-linter", "mypy": "mypy"}
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in local["hooks"]:
        program, *arguments = hook["entry"].split()
        if program == "make":
            assert re.search(rf"^{arguments[0]}:", MAKEFILE, re.MULTILINE)
        else:
            assert f"\n{programs[program.removeprefix('.venv/bin/')]}==" in lock


def test_every_target_says_what_it_does() -> None:
    targets = set(re.findall(r"^\.PHONY: (\S+)", MAKEFILE, re.MULTILINE))
    helped = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert targets == helped


def test_the_changelog_tells_of_this_version_or_of_what_is_not_released_yet() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings
    assert headings[0] == "Unreleased" or headings[0].startswith(f"{__version__} ")


def test_every_decision_has_a_date_and_a_name_of_its_own() -> None:
    for path in (ROOT / "docs" / "decisions").glob("2*.md"):
        title, _, day = path.read_text().splitlines()[:3]
        assert title.startswith("# ")
        assert path.name.startswith(f"{day}-"), path.name
