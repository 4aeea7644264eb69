"""The generated wire modules belong to the .proto files beside them."""

from pathlib import Path

from hack.protogen import SOURCE_ROOT, WIRE, generate


def generated_files(root: Path) -> dict[str, str]:
    patterns = ("*_pb2.py", "*_pb2.pyi", "*_grpc.py")
    paths = [path for pattern in patterns for path in (root / WIRE).glob(pattern)]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def test_generating_again_gives_the_committed_modules(tmp_path: Path) -> None:
    generate(tmp_path)

    fresh, committed = generated_files(tmp_path), generated_files(SOURCE_ROOT)
    assert fresh.keys() == committed.keys()
    assert [name for name in fresh if fresh[name] != committed[name]] == []


def test_every_proto_has_its_modules() -> None:
    protos = {path.stem for path in (SOURCE_ROOT / WIRE).glob("*.proto")}
    assert protos
    assert {f"{name}_pb2.py" for name in protos} <= generated_files(SOURCE_ROOT).keys()
