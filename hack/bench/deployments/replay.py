"""The AWS of so many deployments, in a process of its own.

`python -m hack.bench.deployments.replay RECORDING VPC COUNT` prints its URL and serves until killed. `VPC` is the id of
the one that was recorded. GET /calls tells what was asked so far: `{"calls": {service: count}, "unknown": [question]}`.
"""

import json
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from hack.bench.deployments.answers import Answer, Question, Recording
from hack.bench.deployments.listings import listed
from hack.bench.deployments.places import in_region, moved, number_in, numbers_in
from hack.bench.deployments.serving import served

_LISTING_SERVICES = ("ec2", "rds")


class Replay:
    """Answers from a recording; safe to use from many threads."""

    def __init__(self, recording: Recording, vpc_id: str, count: int) -> None:
        self._recording = recording
        self._vpc_id = vpc_id
        self._count = count
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self._answers: dict[tuple[str, str, int | None], Answer] = {}

    def respond(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        """What AWS would say; 500 to what it was not asked when it was recorded."""
        if request.command == "GET":
            return self._told()
        question = Question.of(request.headers, body)
        known = self._recording.answers.get(question.key)
        with self._lock:
            self._calls[question.service] += 1
            if known is None:
                self._unknown.add(question.key)
        return self._moved(question, known) if known else Answer(500, "text/plain", "not recorded")

    def _moved(self, question: Question, known: Answer) -> Answer:
        number = number_in(question.body)
        place = (question.key, question.region, number)
        if place not in self._answers:
            body = self._text(question, known.body, number)
            self._answers[place] = Answer(known.status, known.content_type, body)
        return self._answers[place]

    def _text(self, question: Question, text: str, number: int | None) -> str:
        if number is not None:
            return moved(text, number)
        if question.service in _LISTING_SERVICES:
            numbers = numbers_in(question.region, self._count)
            return listed(text, self._vpc_id, numbers, question.region)
        return in_region(text, question.region)

    def _told(self) -> Answer:
        with self._lock:
            found = {"calls": self._calls, "unknown": sorted(self._unknown)}
            return Answer(200, "application/json", json.dumps(found))


if __name__ == "__main__":
    with served(Replay(Recording.load(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])).respond) as url:
        print(url, flush=True)
        threading.Event().wait()
