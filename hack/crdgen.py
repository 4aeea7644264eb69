"""Write the CustomResourceDefinitions to crds/ and into the chart, or check that they are up to date.

python -m hack.crdgen            write the files
python -m hack.crdgen --check    exit 1 when they differ from the models
"""

import argparse
import sys
from pathlib import Path

import yaml
from rds_enrollment.api.crds import manifests

ROOT = Path(__file__).resolve().parent.parent
CRDS = ROOT / "crds"
CHART_CRDS = ROOT / "charts" / "rds-enrollment-operator" / "files" / "crds"
"""A chart can read no file outside of itself."""
FOLDERS = (CRDS, CHART_CRDS)
HEADER = (
    "# Generated from operator/rds_enrollment/api by `python -m hack.crdgen`: change the models instead.\n"
)


def render() -> dict[str, str]:
    """Text of every file in crds/, by file name."""
    return {
        f"{manifest['metadata']['name']}.yaml": HEADER + yaml.safe_dump(manifest, sort_keys=False, width=110)
        for manifest in manifests()
    }


def differences(folder: Path) -> list[str]:
    """Names of the files in `folder` that are missing, surplus or not as generated."""
    wanted = render()
    present = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    return sorted(name for name in wanted | present if wanted.get(name) != present.get(name))


def write(folder: Path) -> None:
    """Make `folder` hold exactly the generated files."""
    folder.mkdir(exist_ok=True)
    wanted = render()
    for path in folder.glob("*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hack.crdgen", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 when crds/ is out of date"
    )
    if not parser.parse_args().check:
        for folder in FOLDERS:
            write(folder)
        return 0
    outdated = [folder / name for folder in FOLDERS for name in differences(folder)]
    for path in outdated:
        print(f"{path.relative_to(ROOT)} is not as generated; run `python -m hack.crdgen`", file=sys.stderr)
    return 1 if outdated else 0


if __name__ == "__main__":
    sys.exit(main())
