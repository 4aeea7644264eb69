"""The chart as `helm template` renders it, over the sets of values in values/.

`python -m tests.chart.rendering` writes the snapshots anew.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import yaml

from hack.sandbox.helm import Helm, locate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CHART = ROOT / "charts" / "rds-enrollment-operator"
SNAPSHOTS = HERE / "snapshots"
VALUES = {path.stem: path for path in sorted((HERE / "values").glob("*.yaml"))}
RELEASE, NAMESPACE = "enroller", "teleport-system"

Object = dict[str, Any]


@cache
def offline() -> Helm:
    """Helm without a cluster."""
    return Helm(locate(), Path(gettempdir()) / "rds-enrollment-helm")


def render(name: str, arguments: Sequence[str] = ()) -> str:
    """What Helm would send for a set of values. Raises HelmError."""
    options = [f"--namespace={NAMESPACE}", f"--values={VALUES[name]}", *arguments]
    return offline().run("template", RELEASE, str(CHART), *options)


def objects(text: str) -> list[Object]:
    """The documents of a rendered text."""
    return [document for document in yaml.safe_load_all(text) if document]


def find(found: Sequence[Object], kind: str, suffix: str = "") -> Object:
    """The one object of a kind whose name ends so."""
    (only,) = [item for item in found if item["kind"] == kind and item["metadata"]["name"].endswith(suffix)]
    return only


def snapshot(name: str) -> str:
    """The rendered text without the schemas of the CRDs and the dashboard, which have files of their own."""
    parts = []
    for document in objects(render(name)):
        if document["kind"] == "CustomResourceDefinition":
            document = {**document, "spec": "as in crds/"}
        elif document["metadata"]["name"].endswith("-dashboard"):
            document = {**document, "data": "as in files/dashboard.json"}
        parts.append(yaml.safe_dump(document, sort_keys=False, width=110))
    return "---\n".join(parts)


def main() -> None:
    """Write every snapshot, and remove those whose values are gone."""
    SNAPSHOTS.mkdir(exist_ok=True)
    for path in SNAPSHOTS.glob("*.yaml"):
        if path.stem not in VALUES:
            path.unlink()
    for name in VALUES:
        (SNAPSHOTS / f"{name}.yaml").write_text(snapshot(name))


if __name__ == "__main__":
    main()
