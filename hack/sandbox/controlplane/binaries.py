"""Finds the control plane's binaries: given by the environment, cached, or built once.

The variable KUBEBUILDER_ASSETS is the convention of controller-runtime's envtest: a folder with `etcd`,
`kube-apiserver` and `kubectl`. `kube-controllers` is this project's own; it is built where that folder
lacks it.
"""

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hack.sandbox.controlplane import gobuild
from hack.sandbox.controlplane.errors import ControlPlaneError

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"
ENVTEST_NAMES = ("etcd", "kube-apiserver", "kubectl")
CONTROLLERS_NAME = "kube-controllers"


@dataclass(frozen=True)
class Binaries:
    """Paths of the executables of one control plane."""

    etcd: Path
    kube_apiserver: Path
    kubectl: Path
    kube_controllers: Path


def locate(environment: Mapping[str, str] = os.environ) -> Binaries:
    """Return the binaries, building those that neither KUBEBUILDER_ASSETS nor the cache holds.

    The first call on a machine takes minutes and reports its progress on stderr.

    Raises:
        ControlPlaneError: KUBEBUILDER_ASSETS names a folder without them, or the build failed.
    """
    given = _given(environment)
    missing = [name for name in (*ENVTEST_NAMES, CONTROLLERS_NAME) if name not in given]
    cache = cache_root(environment)
    folder = cache / "controlplane" / source_digest(gobuild.MODULE)
    gobuild.ensure_built(missing, folder, cache / "go-bin")
    found = given | {name: folder / name for name in missing}
    return Binaries(
        etcd=found["etcd"],
        kube_apiserver=found["kube-apiserver"],
        kubectl=found["kubectl"],
        kube_controllers=found[CONTROLLERS_NAME],
    )


def cache_root(environment: Mapping[str, str] = os.environ) -> Path:
    """The project's folder under $XDG_CACHE_HOME, by default ~/.cache (XDG Base Directory Specification)."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rds-enrollment-operator"


def source_digest(module: Path) -> str:
    """A name for what a build of the Go module yields: 16 hexadecimal digits over its files and the platform."""
    digest = hashlib.sha256(f"{platform.system()}/{platform.machine()}\n".encode())
    for source in sorted([module / "go.mod", module / "go.sum", *module.glob("cmd/*/*.go")]):
        digest.update(f"{source.relative_to(module).as_posix()}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _given(environment: Mapping[str, str]) -> dict[str, Path]:
    assets = environment.get(ASSETS_VARIABLE)
    if not assets:
        return {}
    folder = Path(assets)
    given = {
        name: folder / name
        for name in (*ENVTEST_NAMES, CONTROLLERS_NAME)
        if os.access(folder / name, os.X_OK)
    }
    absent = [name for name in ENVTEST_NAMES if name not in given]
    if absent:
        raise ControlPlaneError(
            f"{ASSETS_VARIABLE}={assets} holds no executable {', '.join(absent)}: "
            "correct the variable, or unset it to have the binaries built"
        )
    return given
