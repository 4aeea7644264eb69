"""botocore's parsers of XML answers, made faster where listings of thousands spend their time.

What is overridden here is internal to botocore: where a version does without it, answers are parsed as before.
"""

import threading
from typing import Any

from botocore.model import Shape
from botocore.parsers import EC2QueryParser, QueryParser, ResponseParser, ResponseParserFactory

_TURN = threading.Lock()


class _InTurn(ResponseParser):
    """One answer at a time: dozens of threads that parse side by side are no faster, leave the event loop one slice of
    many of the interpreter's time, and hold as many trees of elements in memory."""

    def parse(self, response: Any, shape: Shape) -> Any:
        """What botocore makes of an HTTP answer."""
        with _TURN:
            return super().parse(response, shape)


class _PlainNames:
    """Names of elements without their namespaces: botocore takes these off with a regular expression, for each element
    of each answer."""

    def _node_tag(self, node: Any) -> str:
        name: str = node.tag
        return name.rpartition("}")[2]


class _Query(_InTurn, _PlainNames, QueryParser):
    """For IAM, RDS and STS."""


class _Ec2Query(_InTurn, _PlainNames, EC2QueryParser):
    """For EC2, which words errors differently."""


_PARSERS: dict[str, type[QueryParser]] = {"query": _Query, "ec2": _Ec2Query}
"""By botocore's name of the protocol."""


class ParserFactory(ResponseParserFactory):
    """botocore's, with parsers of ours for the protocols of XML."""

    def __init__(self, **arguments: Any) -> None:
        """`arguments` are those of every parser: botocore's `timestamp_parser` and `blob_parser`."""
        super().__init__()
        self.set_parser_defaults(**arguments)
        self._arguments = arguments

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """The parser of a protocol."""
        parser = _PARSERS.get(protocol_name)
        return parser(**self._arguments) if parser else super().create_parser(protocol_name)
