"""The guide to the preflight names every check and everything that can be in the way."""

import re
from pathlib import Path

from rds_enrollment.api.reasons import PREFLIGHT
from rds_enrollment.plan.network.verdict import BlockerKind

_GUIDE = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "preflight.md"


def _table(heading: str) -> set[str]:
    """The words in code style in the first columns of a section's table."""
    section = _GUIDE.read_text().partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return set(re.findall(r"`([A-Z]\w+)`", "\n".join(rows)))


def test_every_finding_is_explained() -> None:
    assert _table("What is checked, in this order") >= {reason.value for reason in PREFLIGHT}


def test_every_blocker_is_explained() -> None:
    assert _table("What can be in the way") == {kind.value for kind in BlockerKind}
