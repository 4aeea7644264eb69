"""Events: named by content, counted when repeated, never in a pass's way."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from rds_enrollment.kubernetes.events import NOTE_LIMIT, Recorder
from rds_enrollment.kubernetes.rest import Rest

from tests.unit.kubernetes.fake_api import FakeApi

COLLECTION = "/apis/events.k8s.io/v1/namespaces/teleport/events"
OBJECT: dict[str, Any] = {
    "apiVersion": "rds-enrollment.dev/v1alpha1",
    "kind": "RdsEnrollment",
    "metadata": {"namespace": "teleport", "name": "prod", "uid": "u-1", "resourceVersion": "5"},
}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def recorder(rest: Rest, registry: CollectorRegistry) -> Recorder:
    def clock() -> datetime:
        return datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

    return Recorder(rest, instance="pod-1", clock=clock, registry=registry)


async def record(recorder: Recorder, message: str = "Created it.") -> None:
    await recorder.record(OBJECT, "Normal", "Created", message, "Create")


async def test_an_event_names_its_object_and_its_author(api: FakeApi, recorder: Recorder) -> None:
    api.answer(f"POST {COLLECTION}", {}, 201)
    await record(recorder)
    ((_, _, event),) = api.requests
    assert event["metadata"]["name"].startswith("prod.")
    assert event["eventTime"] == "2026-01-02T03:04:05.000006Z"
    assert event["reportingController"] == "rds-enrollment.dev/operator"
    assert event["reportingInstance"] == "pod-1"
    assert (event["type"], event["reason"], event["action"], event["note"]) == (
        "Normal",
        "Created",
        "Create",
        "Created it.",
    )
    assert event["regarding"] == {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": "RdsEnrollment",
        "namespace": "teleport",
        "name": "prod",
        "uid": "u-1",
        "resourceVersion": "5",
    }


async def test_a_repeat_raises_the_count_and_another_text_is_another_event(
    api: FakeApi, recorder: Recorder
) -> None:
    api.answer(f"POST {COLLECTION}", {}, 201)
    await record(recorder)
    name = api.requests[0][2]["metadata"]["name"]
    api.answer(f"PATCH {COLLECTION}/{name}", {})
    await record(recorder)
    await record(recorder)
    await record(recorder, "Created another.")
    assert [method for method, _, _ in api.requests] == ["POST", "PATCH", "PATCH", "POST"]
    assert [body["series"]["count"] for _, _, body in api.requests[1:3]] == [2, 3]
    assert api.requests[3][2]["metadata"]["name"] != name


async def test_an_event_of_an_earlier_process_is_counted_on(api: FakeApi, recorder: Recorder) -> None:
    api.refuse(f"POST {COLLECTION}", 409, "already exists")
    await record(recorder)
    methods = [(method, body.get("series", {}).get("count")) for method, _, body in api.requests]
    assert methods == [("POST", None), ("PATCH", 2)]


async def test_an_expired_event_is_made_anew(api: FakeApi, recorder: Recorder) -> None:
    api.answer(f"POST {COLLECTION}", {}, 201)
    await record(recorder)
    await record(recorder)
    assert [method for method, _, _ in api.requests] == ["POST", "PATCH", "POST"]


async def test_a_failure_is_counted_and_does_not_raise(
    api: FakeApi, recorder: Recorder, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    api.refuse(f"POST {COLLECTION}", 403, "no access")
    await record(recorder)
    assert registry.get_sample_value("rds_enrollment_event_writes_failed_total") == 1
    assert "create events.events.k8s.io" in caplog.text


async def test_a_long_note_is_cut_at_a_whole_character(api: FakeApi, recorder: Recorder) -> None:
    api.answer(f"POST {COLLECTION}", {}, 201)
    await record(recorder, "é" * 2000)
    note = api.requests[0][2]["note"]
    assert NOTE_LIMIT - 2 <= len(note.encode()) <= NOTE_LIMIT
    assert note.endswith("é…")
