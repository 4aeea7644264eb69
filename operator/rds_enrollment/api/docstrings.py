"""Docstrings under fields, read from a model's source when its schema is asked for.

pydantic's `use_attribute_docstrings` reads them whenever a class is made, which looks through all modules that are
loaded: a fifth of a second of CPU at each start of a process that never shows one.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from itertools import pairwise

from pydantic import BaseModel


def field_docstrings(model: type[BaseModel]) -> Mapping[str, str]:
    """The docstring under each field of `model`, by the field's Python name. A field's own wins over one of the same
    name in a base class."""
    found: dict[str, str] = {}
    for declared in reversed(model.__mro__):
        if issubclass(declared, BaseModel) and declared is not BaseModel:
            found |= _declared_in(declared)
    return found


def _declared_in(model: type[BaseModel]) -> dict[str, str]:
    source = ast.parse(textwrap.dedent(inspect.getsource(model)))
    lines = next(node.body for node in source.body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(lines)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
