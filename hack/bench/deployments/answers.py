"""What AWS has said, by what it was asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path

from hack.bench.deployments.places import without_place

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")

_READ = re.compile(r"(Action=|\.)(Describe|Get|List)")
"""How the names of AWS's operations begin that change nothing."""


@dataclass(frozen=True)
class Question:
    """One request, whoever asks it."""

    service: str
    region: str
    target: str
    """X-Amz-Target, of the services that have one."""
    body: str

    @classmethod
    def of(cls, headers: Message, body: bytes) -> "Question":
        """Service and region are those that the request is signed for (AWS Signature Version 4)."""
        found = _SCOPE.search(headers.get("Authorization", ""))
        service, region = (found["service"], found["region"]) if found else ("", "")
        return cls(service, region, headers.get("X-Amz-Target", ""), body.decode())

    @property
    def key(self) -> str:
        """The same for every deployment."""
        return f"{self.service} {self.target} {without_place(self.body)}"


@dataclass(frozen=True)
class Answer:
    """One answer over HTTP."""

    status: int
    content_type: str
    body: str


class Recording:
    """The last answer to each question."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        self.answers = dict(answers or {})

    def keep(self, question: Question, answer: Answer) -> None:
        """In place of an earlier one."""
        self.answers[question.key] = answer

    def drop_writes(self) -> None:
        """What is left is true of a world that stays as it is."""
        self.answers = {key: answer for key, answer in self.answers.items() if _READ.search(key)}

    def save(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps({key: asdict(answer) for key, answer in self.answers.items()}))

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """What `save` has written."""
        return cls({key: Answer(**fields) for key, fields in json.loads(path.read_text()).items()})
