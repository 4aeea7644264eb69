"""Settings in a YAML file, under the names of their flags: `watch-namespaces: [shop]`."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from rds_enrollment.runtime.fatal import FatalError


def read_config(path: Path, fields: Collection[str]) -> dict[str, Any]:
    """Values by field, as they are written there. Raises FatalError (exit code 2) for what cannot be read and for
    names that are none of `fields`."""
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as error:
        raise FatalError(f"--config {path} cannot be read: {error.strerror}", exit_code=2) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FatalError(f"--config {path} is not YAML: {error}", exit_code=2) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise FatalError(f"--config {path} holds no settings: it has to be a map", exit_code=2)
    known = {field.replace("_", "-"): field for field in fields}
    unknown = sorted(str(name) for name in document if name not in known)
    if unknown:
        raise FatalError(
            f"--config {path} names settings that there are not: {', '.join(unknown)}", exit_code=2
        )
    return {known[name]: value for name, value in document.items() if value is not None}
