"""The Dockerfile against what it has to fit: the lock, the chart, the command. Docker itself is not run."""

import json
import re
import tomllib
from pathlib import Path

import yaml
from rds_enrollment import __version__

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "rds-enrollment-operator"
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def test_one_version_everywhere() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert {PROJECT["version"], chart["version"], chart["appVersion"]} == {__version__}


def test_python_is_that_of_the_lock() -> None:
    (version,) = re.findall(r"with Python (\d+\.\d+)", (ROOT / "requirements" / "runtime.txt").read_text())
    assert instructions("ARG")[0].startswith(f"PYTHON={version}-slim")
    assert instructions("FROM") == ["python:${PYTHON} AS build", "python:${PYTHON}"]


def test_dependencies_come_from_the_lock_and_from_wheels_only() -> None:
    installs = [line for line in instructions("RUN") if " install " in line]
    assert len(installs) == 2
    assert "--require-hashes --only-binary=:all: --requirement /tmp/runtime.txt" in installs[0]
    assert "--no-deps --no-index" in installs[1]


def test_nothing_is_copied_but_the_wheel_and_the_lock() -> None:
    sources = [line.split()[0] for line in instructions("COPY") if not line.startswith("--from")]
    assert sources == ["requirements/runtime.txt", "dist/*.whl"]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored == ["*", "!dist/*.whl", "!requirements/runtime.txt"]


def test_user_port_and_command_are_those_of_the_chart() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    security = values["podSecurityContext"]
    assert instructions("USER") == [f"{security['runAsUser']}:{security['runAsGroup']}"]
    assert instructions("EXPOSE") == [str(values["http"]["port"])]
    (entry_point,) = (json.loads(line) for line in instructions("ENTRYPOINT"))
    assert entry_point[0] in PROJECT["scripts"]
    deployment = (CHART / "templates" / "deployment.yaml").read_text()
    assert "args: [run]" in deployment
    assert instructions("CMD") == ['["run"]']
