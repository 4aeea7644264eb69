"""The wheel and the source distribution, installed where nothing else is than the runtime's lock."""

import re
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from rds_enrollment import __version__
from rds_enrollment.api.crds import manifests

from tests.image.packages import ROOT, build, empty_environment, install, locked, run, wheel_of

DOCKERFILE = ROOT / "Dockerfile"
PACKAGE = ROOT / "operator" / "rds_enrollment"
IMPORT_ALL = """
import importlib, pkgutil, rds_enrollment
for module in pkgutil.walk_packages(rds_enrollment.__path__, "rds_enrollment."):
    importlib.import_module(module.name)
    print(module.name)
"""

PRINT_UNCOMPILED = """
import os, sys
cached = (getattr(getattr(module, "__spec__", None), "cached", None) for module in list(sys.modules.values()))
print("uncompiled:", *(path for path in cached if path and not os.path.exists(path)))
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and source distribution."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheels(released: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The released wheel, and the one that somebody builds from the source distribution."""
    wheel, source = released
    return {"wheel": wheel, "sdist": wheel_of(source, tmp_path_factory.mktemp("rebuilt"))}


@pytest.mark.slow
def test_both_run_where_nothing_else_is(wheels: dict[str, Path], tmp_path: Path) -> None:
    """Every module is imported there, so that none needs what only developers have."""
    python = empty_environment(tmp_path / "environment")
    for wheel in wheels.values():
        install(wheel, python)
        assert run(python.parent / "rds-enrollment", "version", cwd=tmp_path) == f"{__version__}\n"
    command = python.parent / "kubectl-rds_enrollment"
    assert list(yaml.safe_load_all(run(command, "crds", cwd=tmp_path))) == manifests()
    assert "--teleport-address" in run(command, "run", "--help", cwd=tmp_path)
    imported = run(python, "-c", IMPORT_ALL, cwd=tmp_path).split()
    sources = {path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__"}
    assert len(imported) == len(sources)


@pytest.mark.slow
def test_a_start_of_the_image_compiles_nothing(wheels: dict[str, Path], tmp_path: Path) -> None:
    """After the import in the Dockerfile each module that the operator may load has its byte code."""
    python = empty_environment(tmp_path / "environment")
    install(wheels["wheel"], python)
    (statement,) = re.findall(
        r'^RUN /opt/operator/bin/python -c "(.+)"$', DOCKERFILE.read_text(), re.MULTILINE
    )
    run(python, "-c", statement, cwd=tmp_path)
    assert run(python, "-B", "-c", IMPORT_ALL + PRINT_UNCOMPILED, cwd=tmp_path).endswith("uncompiled:\n")


def test_both_forms_hold_the_same(wheels: dict[str, Path]) -> None:
    names = {form: set(zipfile.ZipFile(path).namelist()) for form, path in wheels.items()}
    assert names["wheel"] == names["sdist"]
    outside = {name for name in names["wheel"] if not name.startswith("rds_enrollment")}
    assert outside == set()
    assert "rds_enrollment/teleport/role.yaml" in names["wheel"]
    assert any(name.endswith("/licenses/LICENSE") for name in names["wheel"])


def test_source_distribution_holds_what_a_packager_needs(released: tuple[Path, Path]) -> None:
    with tarfile.open(released[1]) as archive:
        top = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "operator", "crds", "pyproject.toml"} <= top
    assert not top & {"hack", "tests", "requirements"}


def test_lock_has_what_the_project_declares_and_no_tools() -> None:
    assert {"kopf", "boto3", "grpclib", "pydantic"} <= set(locked())
    assert not {"moto", "pytest", "flask", "sphinx", "grpcio-tools"} & set(locked())
