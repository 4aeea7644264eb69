"""Reads our objects from files, as `kubectl apply -f` takes them."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rds_enrollment.api.common import GROUP, Resource
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.runtime.fatal import FatalError

_SUFFIXES = (".yaml", ".yml", ".json")


def read_manifests(paths: Sequence[str]) -> list[Resource]:
    """The objects of our kinds in files, in all files of folders, and (`-`) from standard input; other objects are left
    out. Raises FatalError: something cannot be read, or an object is not valid."""
    found = [_parsed(document, place) for path in paths for document, place in _documents(path)]
    if not found:
        raise FatalError(f"no object of {GROUP} in {', '.join(paths)}")
    return found


def _documents(path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Each of our objects, and where it stands."""
    for file, text in _texts(path):
        for document in _loaded(text, file):
            items = document.get("items", ()) if document.get("kind") == "List" else (document,)
            for item in items:
                if isinstance(item, dict) and str(item.get("apiVersion", "")).startswith(f"{GROUP}/"):
                    yield item, file


def _texts(path: str) -> Iterator[tuple[str, str]]:
    if path == "-":
        yield "standard input", sys.stdin.read()
        return
    place = Path(path)
    files = sorted(it for it in place.rglob("*") if it.suffix in _SUFFIXES) if place.is_dir() else [place]
    for file in files:
        try:
            yield str(file), file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FatalError(f"{file} cannot be read: {error}") from error


def _loaded(text: str, file: str) -> list[dict[str, Any]]:
    import yaml

    try:
        return [document for document in yaml.safe_load_all(text) if isinstance(document, dict)]
    except yaml.YAMLError as error:
        raise FatalError(f"{file} is no YAML: {error}") from error


def _parsed(document: dict[str, Any], file: str) -> Resource:
    from rds_enrollment.controllers.invalid import faults

    kind, metadata = KINDS.get(str(document.get("kind"))), document.get("metadata")
    if kind is None:
        raise FatalError(f"{file}: {GROUP} has no kind {document.get('kind')}")
    named = {"namespace": "default", **(metadata if isinstance(metadata, dict) else {})}
    try:
        return kind.model.model_validate({**document, "metadata": named})
    except ValidationError as error:
        raise FatalError(f"{file}: {kind.kind} {named.get('name', '')}: {faults(error)}") from error
