"""What `hack.bench.echo_server` answers from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hack.bench.places import Place


@dataclass(frozen=True)
class Answer:
    """What AWS answered."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True)
class Script:
    """All that the server needs to know."""

    account: str
    region: str
    vpcs: tuple[str, ...]
    answers: Mapping[str, Answer]
    places: tuple[Place, ...]
    latency: float
    """Seconds that each call takes."""

    def dump(self, file: Path) -> None:
        """Write it down."""
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, file: Path) -> "Script":
        """Read it again."""
        told: dict[str, Any] = json.loads(file.read_text())
        answers = {question: Answer(**answer) for question, answer in told.pop("answers").items()}
        places = tuple(Place(**place) for place in told.pop("places"))
        return cls(**{**told, "vpcs": tuple(told["vpcs"])}, answers=answers, places=places)
