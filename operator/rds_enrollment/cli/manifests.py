"""Reads the manifests that a command is given, as `kubectl apply -f` takes them."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rds_enrollment.api.common import GROUP, Resource
from rds_enrollment.api.kinds import KINDS
from rds_enrollment.runtime.fatal import FatalError

_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of our kinds, or a namespace. It has a name."""

    document: dict[str, Any]
    place: str
    """The file that it stands in."""


def read_manifests(paths: Sequence[str]) -> list[Manifest]:
    """Those in files, in all files of folders, and (`-`) in standard input, in their order; other objects are left out.

    Raises FatalError: something cannot be read, an object of ours has no name or a kind that there is not, or nothing
    of ours is there.
    """
    found = [
        manifest for path in paths for place, text in _texts(path) for manifest in _manifests(place, text)
    ]
    if all(manifest.document["kind"] not in KINDS for manifest in found):
        raise FatalError(f"no object of {GROUP} in {', '.join(paths)}")
    return found


def resources(manifests: Iterable[Manifest]) -> list[Resource]:
    """The objects of our kinds; those without a namespace are in `default`. Raises FatalError: one is not valid."""
    return [_resource(manifest) for manifest in manifests if manifest.document["kind"] in KINDS]


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


def _manifests(place: str, text: str) -> Iterator[Manifest]:
    for document in _documents(place, text):
        if _is_ours(document, place) or _is_namespace(document):
            yield Manifest(document, place)


def _documents(place: str, text: str) -> Iterator[dict[str, Any]]:
    """Every object, those of lists too."""
    import yaml

    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise FatalError(f"{place} is not YAML: {' '.join(str(error).split())}") from error
    for document in documents:
        if isinstance(document, dict):
            items = document.get("items") or () if document.get("kind") == "List" else (document,)
            yield from (item for item in items if isinstance(item, dict))


def _is_ours(document: dict[str, Any], place: str) -> bool:
    if not str(document.get("apiVersion", "")).startswith(f"{GROUP}/"):
        return False
    kind = document.get("kind")
    if kind not in KINDS:
        raise FatalError(f"{place}: {GROUP} has no kind {kind}")
    if not _name(document):
        raise FatalError(f"{place}: a {kind} has no metadata.name")
    return True


def _is_namespace(document: dict[str, Any]) -> bool:
    named = document.get("apiVersion"), document.get("kind")
    return named == ("v1", "Namespace") and bool(_name(document))


def _name(document: dict[str, Any]) -> Any:
    metadata = document.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _resource(manifest: Manifest) -> Resource:
    from rds_enrollment.controllers.invalid import faults

    document = manifest.document
    kind, metadata = KINDS[document["kind"]], {"namespace": "default", **document["metadata"]}
    try:
        return kind.model.model_validate({**document, "metadata": metadata})
    except ValidationError as error:
        raise FatalError(f"{manifest.place}: {kind.kind} {metadata['name']}: {faults(error)}") from error
