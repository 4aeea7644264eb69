"""Reads the manifests that a command is given: files, folders, and `-` for standard input."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rds_enrollment.api.common import API_VERSION
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.runtime.fatal import FatalError

_SUFFIXES = (".yaml", ".yml", ".json")


def read_manifests(paths: Iterable[str]) -> list[dict[str, Any]]:
    """Our three kinds and namespaces, in the order in which they are written; anything else is left out. Raises
    FatalError for what cannot be read, and when none of our kinds is among them."""
    found = [item for path in paths for name, text in _texts(path) for item in _documents(name, text)]
    if not any(item["kind"] in KINDS for item in found):
        raise FatalError(f"no {', '.join(KINDS)} in these manifests")
    return found


def _texts(path: str) -> Iterator[tuple[str, str]]:
    if path == "-":
        yield "standard input", sys.stdin.read()
        return
    place = Path(path)
    files = (
        sorted(item for item in place.rglob("*") if item.suffix in _SUFFIXES) if place.is_dir() else [place]
    )
    for file in files:
        try:
            yield str(file), file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise FatalError(f"{file} cannot be read: {error}") from error


def _documents(name: str, text: str) -> Iterator[dict[str, Any]]:
    import yaml

    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise FatalError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "List":
            yield from filter(_is_ours, document.get("items") or ())
        elif _is_ours(document):
            yield document


def _is_ours(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), dict):
        return False
    if "name" not in document["metadata"]:
        return False
    named = document.get("apiVersion"), document.get("kind")
    return named == ("v1", "Namespace") or (named[0] == API_VERSION and named[1] in KINDS)
