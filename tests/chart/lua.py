"""Runs a health script as Argo CD does."""

from pathlib import Path
from typing import Any

from lupa.lua51 import LuaRuntime

# Argo CD opens the base, package and table libraries and a part of os (util/lua/lua.go, runLua); the rest only with
# `useOpenLibs`, which nobody should have to set.
_CLOSE = """
debug.setmetatable("", nil)
string, math, io, debug, coroutine = nil, nil, nil, nil, nil
"""


def health(script: Path, obj: dict[str, Any]) -> dict[str, str]:
    """What the script says of an object. Raises lupa.LuaError."""
    lua = LuaRuntime(unpack_returned_tuples=True)
    lua.execute(_CLOSE)
    lua.globals()["obj"] = lua.table_from(obj, recursive=True)
    answer: Any = lua.execute(script.read_text())
    return dict(answer)
