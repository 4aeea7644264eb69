"""Which deployment a text of AWS is about, and the same text about another one."""

import base64
import re

REGION = "us-west-1"
"""Of the deployment that was recorded."""
PER_REGION = 100

_DIGITS = 4
_PREFIXES = "vpc|subnet|sg|sgr|eni|eni-attach|rtb|rtbassoc|acl|aclassoc|igw|nat|eipalloc|eipassoc"
_ID = re.compile(
    rf"((?<![a-z])(?:{_PREFIXES})-[0-9a-f]{{4,13}}|task/[\w.-]+/[0-9a-f]{{28}})([0-9a-f]{{{_DIGITS}}})\b"
)
_REGION = re.compile(r"(?<![a-z])us-west-\d+")
_CONFIG = re.compile(r"dmVyc2lvbjog[A-Za-z0-9+/]+=*")
"""An agent's configuration in a task definition: YAML in base64, which begins with `version: `."""


def region_of(number: int) -> str:
    """The region of a deployment."""
    return f"us-west-{number // PER_REGION + 1}"


def numbers_in(region: str, count: int) -> range:
    """Those of `count` deployments that are in a region; none in one of another name."""
    if not _REGION.fullmatch(region):
        return range(0)
    first = (int(region.rpartition("-")[2]) - 1) * PER_REGION
    return range(first, min(first + PER_REGION, count))


def number_in(text: str) -> int | None:
    """The deployment that a request names by an id; None where it names none."""
    found = _ID.search(text)
    return int(found[2], 16) if found else None


def without_place(text: str) -> str:
    """The same for every deployment."""
    return _REGION.sub(REGION, _ID.sub(lambda found: found[1] + "0" * _DIGITS, text))


def moved(text: str, number: int) -> str:
    """What was said of the one that was recorded, said of another."""
    ids = f"{number:0{_DIGITS}x}"

    def configured(found: re.Match[str]) -> str:
        config = base64.b64decode(found[0]).decode()
        return base64.b64encode(moved(config, number).encode()).decode()

    named = _ID.sub(lambda found: found[1] + ids, _CONFIG.sub(configured, text))
    return in_region(named, region_of(number))


def in_region(text: str, region: str) -> str:
    """The same in another region."""
    return _REGION.sub(region, text)
