"""Messages end with where the docs say more, however long they are."""

import pytest
from rds_enrollment.api.conditions import MESSAGE_BYTES
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan.conditions import Verdict
from rds_enrollment.plan.diagnosis.pages import more, with_page
from rds_enrollment.plan.part import Part

SITE = "https://docs.example.com/rds/"
END = " More: docs/reference/reasons.md#unreachable"


def part(verdict: Verdict) -> Part:
    return Part(ConditionType.DATABASES_REACHABLE, verdict, done=True)


def said(message: str) -> str:
    return with_page(part(Verdict.no(Reason.UNREACHABLE, message)), "").verdict.message


def test_a_site_of_the_docs_takes_the_place_of_the_repository() -> None:
    assert more(Reason.OUT_OF_MEMORY, "") == "More: docs/reference/reasons.md#outofmemory"
    assert more(Reason.OUT_OF_MEMORY, SITE) == (
        "More: https://docs.example.com/rds/reference/reasons.html#outofmemory"
    )


def test_what_happened_gives_way_to_the_page() -> None:
    assert said("It is not reached.") == f"It is not reached.{END}"
    long = said("é" * MESSAGE_BYTES)
    assert long.endswith(f"…{END}")
    assert len(long.encode()) <= MESSAGE_BYTES


def test_a_message_that_quotes_another_names_the_page_once() -> None:
    assert said(f"DatabaseServiceDeployment agents: It is not reached.{END}").count("More:") == 1


@pytest.mark.parametrize(
    "verdict",
    [Verdict.ok("All are reached."), Verdict.unknown(Reason.NOT_REPORTED, "No agent has reported yet.")],
    ids=["reached", "not reported"],
)
def test_what_is_no_trouble_of_databases_stays_as_it_is(verdict: Verdict) -> None:
    assert with_page(part(verdict), SITE) == part(verdict)
