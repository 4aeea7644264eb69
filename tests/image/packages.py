"""Builds what is released, and environments that hold nothing else than a release and the runtime's lock."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "runtime.txt"
_TIMEOUT_SECONDS = 300


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a program prints. A failure shows its stderr."""
    answer = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel and the source distribution, by the backend of the lock: no index is asked."""
    run(sys.executable, "-m", "hatchling", "build", "--directory", folder)
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    return wheel, source


def wheel_of(source: Path, folder: Path) -> Path:
    """A wheel built from a source distribution alone."""
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", "wheel", *options, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def locked() -> list[str]:
    """Names of what the runtime's lock pins."""
    return re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE)


def empty_environment(folder: Path) -> Path:
    """A virtual environment with the locked distributions, linked from this one, and nothing else; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in locked():
        found = distribution(name)
        for file in found.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = packages / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(Path(str(found.locate_file(file))))
    return folder / "bin" / "python"


def install(wheel: Path, python: Path) -> None:
    """Install a wheel without asking an index."""
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        wheel,
    )
