"""Generates the Python modules of Teleport's wire messages: `python -m hack.protogen`.

For each `.proto` in operator/rds_enrollment/teleport/wire it writes, beside it, the messages (`*_pb2.py`),
their type stubs (`*_pb2.pyi`) and, where the file declares a service, grpclib's client and server
(`*_grpc.py`).
"""

import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

SOURCE_ROOT = Path(__file__).resolve().parent.parent / "operator"
WIRE = Path("rds_enrollment/teleport/wire")


class GenerationError(RuntimeError):
    """protoc refused a file; its own message is on standard error."""


def generate(output_root: Path, source_root: Path = SOURCE_ROOT) -> None:
    """Writes the modules of every `.proto` under `source_root` to the same folders under `output_root`.

    Raises GenerationError when protoc does.
    """
    protos = sorted(path.relative_to(source_root) for path in (source_root / WIRE).glob("*.proto"))
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={source_root}",
            f"--proto_path={files('grpc_tools') / '_proto'}",
            *(f"--plugin={_plugin(name)}" for name in ("protoc-gen-mypy", "protoc-gen-grpclib_python")),
            f"--python_out={output_root}",
            f"--mypy_out={output_root}",
            f"--grpclib_python_out={output_root}",
            *map(str, protos),
        ]
    )
    if status != 0:
        raise GenerationError(f"protoc ended with status {status}")
    _drop_empty_services(output_root)


def _plugin(name: str) -> str:
    """A plugin as protoc's flag wants it, from the environment that runs us and not from PATH."""
    return f"{name}={Path(sys.executable).parent / name}"


def _drop_empty_services(output_root: Path) -> None:
    """grpclib's plugin writes a module for every file; those of files without a service hold imports only."""
    for module in (output_root / WIRE).glob("*_grpc.py"):
        if "class " not in module.read_text(encoding="utf-8"):
            module.unlink()


if __name__ == "__main__":
    generate(SOURCE_ROOT)
