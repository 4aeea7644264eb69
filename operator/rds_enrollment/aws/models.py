"""botocore's descriptions of the services: parsed once per process, and before the first call needs them.

EC2's alone takes longer to parse than all calls of a pass over an integration.
"""

import json
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

import botocore.session
from botocore.loaders import JSONFileLoader, Loader, create_loader

from rds_enrollment.plan.permissions.table import NEEDS

SERVICES = ("sts", "iam", "ec2", "ecs", "rds", "logs")
"""Those that passes call again and again, as botocore names their folders. Of service-quotas, which is asked rarely,
the first call reads the model."""
_PAGINATED = ("iam", "ec2", "ecs", "rds", "logs")
"""Of these, those whose listings have pages that are followed."""
_API = "service-2.json"
_EXTRAS = "service-2.sdk-extras.json"
"""What botocore.loaders merges into an API, from a file beside it."""
_BULK = ("operations", "shapes")
_FOR_ALL = ("endpoints", "partitions", "sdk-default-configuration", "_retry")
"""What clients of every service read besides its own files."""


class Models:
    """What clients are made from, for every session of the process. Safe to use from many threads."""

    def __init__(self) -> None:
        self._loader: Loader = create_loader()
        self._loader.file_loader = _Narrowed()

    def share(self, session: botocore.session.Session) -> None:
        """Have the session's clients be made from these."""
        session.register_component("data_loader", self._loader)

    def preload(self) -> None:
        """Parse what clients of SERVICES are made from, which takes half a second of CPU. Reads no configuration."""
        for name in _FOR_ALL:
            self._loader.load_data(name)
        for service in SERVICES:
            self._loader.load_service_model(service, "service-2")
            self._loader.load_service_model(service, "endpoint-rule-set-1")
        for service in _PAGINATED:
            self._loader.load_service_model(service, "paginators-1")


class _Narrowed(JSONFileLoader):
    """Keeps of a service what our calls of it are made of: of EC2's 830 operations some thirty. Other services stay
    as they are, and so does STS: botocore calls them by itself for credentials."""

    def __init__(self) -> None:
        self._kept: dict[str, Collection[str]] = {}
        """Shapes by service. Its API is loaded before the extras that botocore merges into it."""

    def _load_file(self, full_path: str, open_method: Callable[[str, str], IO[bytes]]) -> Any:
        path = Path(full_path)
        if not path.is_file():
            return None
        with open_method(full_path, "rb") as file:
            content = json.loads(file.read())
        service = path.parent.parent.name
        called = _called().get(service)
        if called and path.name.startswith(_API):
            content = narrowed(content, called)
            self._kept[service] = content["shapes"].keys()
        elif service in self._kept and path.name.startswith(_EXTRAS):
            content = _narrowed_extras(content, self._kept[service])
        return content


def narrowed(api: Mapping[str, Any], operations: Collection[str]) -> dict[str, Any]:
    """A service's API as botocore keeps it (`service-2.json`), with these operations alone, the shapes that they reach,
    and without prose, of which botocore makes doc strings."""
    kept = {name: _lean(api["operations"][name]) for name in operations}
    shapes: dict[str, Any] = {}
    ahead = _shapes_in(kept)
    while ahead:
        new = {name: _lean(api["shapes"][name]) for name in ahead}
        shapes |= new
        ahead = _shapes_in(new) - shapes.keys()
    lean = {**_lean(api, without=_BULK), "operations": kept, "shapes": shapes}
    # A copy to the last string: one that stays keeps the memory around it from being given back.
    copy: dict[str, Any] = json.loads(json.dumps(lean))
    return copy


def _narrowed_extras(extras: Mapping[str, Any], kept: Collection[str]) -> dict[str, Any]:
    """Without what they add to shapes that were left out: it would make shapes of its own, which have no type."""
    merge = extras.get("merge", {})
    shapes = {name: shape for name, shape in merge.get("shapes", {}).items() if name in kept}
    return {**extras, "merge": {**merge, "shapes": shapes}}


def _lean(value: Any, without: Collection[str] = ()) -> Any:
    """A copy. A `documentation` that is no text is a member of that name."""
    match value:
        case dict():
            return {
                key: _lean(item)
                for key, item in value.items()
                if key not in without and not (key == "documentation" and isinstance(item, str))
            }
        case list():
            return [_lean(item) for item in value]
        case _:
            return value


def _shapes_in(value: Any) -> set[str]:
    """Names of the shapes that something refers to."""
    match value:
        case {"shape": str(name)}:
            return {name}
        case dict():
            return set().union(*map(_shapes_in, value.values()))
        case list():
            return set().union(*map(_shapes_in, value))
        case _:
            return set()


@cache
def _called() -> dict[str, frozenset[str]]:
    """The operations of each service that we call, by the prefix of its actions in IAM: that is the name of its folder,
    but for service-quotas, which is kept whole. STS is botocore's, too."""
    pairs = [operation.split(":") for operation in NEEDS]
    return {
        service: frozenset(name for owner, name in pairs if owner == service)
        for service, _ in pairs
        if service != "sts"
    }
