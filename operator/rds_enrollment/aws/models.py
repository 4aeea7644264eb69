"""botocore's descriptions of the services: parsed once per process, and before the first call needs them.

EC2's alone takes longer to parse than all calls of a pass over an integration.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import botocore.session
from botocore.loaders import JSONFileLoader, Loader, create_loader

SERVICES = ("sts", "iam", "ec2", "ecs", "rds", "logs")
"""Those that are called."""
_PAGINATED = ("iam", "ec2", "ecs", "rds", "logs")
_FOR_ALL = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


class Models:
    """What clients are made from, for every session of the process. Safe to use from many threads."""

    def __init__(self) -> None:
        self._loader: Loader = create_loader()
        self._loader.file_loader = _WithoutDocumentation()

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


class _WithoutDocumentation(JSONFileLoader):
    """Leaves out the prose, which is a third of what the models take in memory. botocore makes doc strings of it."""

    def _load_file(self, full_path: str, open_method: Callable[[str, str], IO[bytes]]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read(), object_pairs_hook=_undocumented)


def _undocumented(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Members of that name are no text."""
    return {key: value for key, value in pairs if key != "documentation" or not isinstance(value, str)}
