"""What becomes of the three objects, a line for each condition that changes."""

import json
import time
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from hack.sandbox.controlplane import ControlPlane

KINDS = "awsoidc,rdsenroll,dbsvc"
_POLL_SECONDS = 0.25
_COLOURS = {"True": "green", "False": "yellow", "Unknown": "dim"}


class NotReadyError(Exception):
    """The objects did not become Ready in time; the message says what is missing."""


def follow(plane: ControlPlane, console: Console, objects: int, timeout: float) -> None:
    """Print changes until that many objects are Ready. Raises NotReadyError after `timeout` seconds."""
    began = time.monotonic()
    told: dict[tuple[str, str], tuple[str, str]] = {}
    while True:
        found = _objects(plane)
        elapsed = time.monotonic() - began
        for item in found:
            for line in _news(item, told):
                console.print(Text(f"{elapsed:6.1f} s  ") + line)
        waiting = [_name(item) for item in found if not _is_ready(item)]
        if len(found) >= objects and not waiting:
            return
        if elapsed > timeout:
            raise NotReadyError(
                f"not Ready after {timeout:.0f} s: {', '.join(waiting) or 'objects are missing'}"
            )
        time.sleep(_POLL_SECONDS)


def _objects(plane: ControlPlane) -> list[dict[str, Any]]:
    listing = plane.run_kubectl("get", KINDS, "--all-namespaces", "--output=json")
    items: list[dict[str, Any]] = json.loads(listing)["items"]
    return items


def _news(item: dict[str, Any], told: dict[tuple[str, str], tuple[str, str]]) -> Iterator[Text]:
    for condition in item.get("status", {}).get("conditions", ()):
        key, state = (_name(item), condition["type"]), (condition["status"], condition["reason"])
        if condition["type"] == "Reconciling" or told.get(key) == state:
            continue
        told[key] = state
        yield Text.assemble(
            f"{key[0]}  ",
            (f"{key[1]}={state[0]}", _COLOURS[state[0]]),
            f"  {condition['message']}" if state[0] != "Unknown" else "",
        )


def _is_ready(item: dict[str, Any]) -> bool:
    conditions = item.get("status", {}).get("conditions", ())
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _name(item: dict[str, Any]) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"
