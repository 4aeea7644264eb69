"""Tags as AWS wants and gives them: IAM, EC2 and RDS spell the keys `Key`/`Value`, ECS `key`/`value`."""

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any


def read_tags(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """From `[{"Key": …, "Value": …}]`, either spelling; absent is empty. Thousands of resources share most of them."""
    return {
        intern(tag.get("Key", tag.get("key", ""))): intern(tag.get("Value", tag.get("value", "")))
        for tag in tags or ()
    }


def capitalised_tags(tags: Mapping[str, str]) -> list[Any]:
    """For IAM, EC2 and RDS, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def ecs_tags(tags: Mapping[str, str]) -> list[Any]:
    """For ECS, sorted by key."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]
