"""The generated pages of docs/reference: as the code is, with a text for every word that a status may carry."""

import re
from pathlib import Path

import pytest
import rds_enrollment
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.aws.error_table import TABLE
from rds_enrollment.plan.permissions.table import NEEDS, On, actions
from rds_enrollment.runtime.settings import Settings, flag_name, variable_name

from hack.docsgen import kinds, vocabulary
from hack.docsgen.__main__ import FOLDER, render
from hack.docsgen.aws_actions import operations
from hack.docsgen.markdown import escape, table
from hack.docsgen.metrics import declared

PAGES = render() if set(Reason) <= set(vocabulary.reasons()) else {}


def heading(text: str) -> str:
    return f"\n## {text}\n"


def test_every_reason_and_condition_has_a_text_and_no_other_word_has() -> None:
    assert set(vocabulary.reasons()) == {str(reason) for reason in Reason}
    assert set(vocabulary.conditions()) == {str(kind) for kind in ConditionType}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_page_is_as_generated(path: Path) -> None:
    assert path.read_text() == PAGES[path], "stale: run `make docs-reference`"


def test_every_reason_is_one_that_the_operator_gives() -> None:
    sources = Path(rds_enrollment.__file__).parent.rglob("*.py")
    given = {
        name for source in sources for name in re.findall(r"\bReason\.([A-Z0-9_]+)\b", source.read_text())
    }
    assert [reason for reason in Reason if reason.name not in given] == []


def test_every_reason_condition_and_setting_has_a_heading_to_link_to() -> None:
    reasons = PAGES[FOLDER / "reasons.md"]
    assert [reason for reason in Reason if heading(reason) not in reasons] == []
    conditions = PAGES[FOLDER / "conditions.md"]
    assert [kind for kind in ConditionType if heading(kind) not in conditions] == []
    settings = PAGES[FOLDER / "settings.md"]
    for field in Settings.model_fields:
        assert heading(f"`{flag_name(field)}`") in settings
        assert f"Variable: `{variable_name(field)}`\n" in settings


def test_a_field_tells_type_default_limits_and_rules() -> None:
    schema = {
        "required": ["name"],
        "properties": {
            "name": {
                "type": "string",
                "maxLength": 5,
                "pattern": "^a|b$",
                "description": "Its name\nin AWS.",
                "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "name is immutable"}],
            },
            "sizes": {
                "type": "array",
                "minItems": 1,
                "maxItems": 3,
                "default": [2],
                "items": {"type": "integer", "minimum": 1},
            },
            "levels": {
                "type": "array",
                "items": {"type": "object", "properties": {"on": {"type": "boolean", "default": False}}},
            },
        },
    }
    assert list(kinds.fields("spec", schema)) == [
        "### `spec.name`",
        r"string · **required** · **immutable** · at most 5 characters · matches `^a\|b$`",
        "Its name in AWS.",
        "- Rule: name is immutable.",
        "### `spec.sizes`",
        "list of integer (at least 1) · default `[2]` · 1 to 3 items",
        "",
        "",
        "### `spec.levels`",
        "list of object",
        "",
        "",
        "### `spec.levels[].on`",
        "boolean · default `false`",
        "",
        "",
    ]


def test_text_from_the_code_is_no_markup() -> None:
    assert escape("a <vpc id> and *\n [x] `all: {*}`") == r"a \<vpc id> and \* \[x\] `all: {*}`"
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_metrics_of_every_form_of_declaration_are_found() -> None:
    """One per form: made by prometheus_client's class, by a helper, computed when scraped, labels by constants."""
    found = {metric.name: metric for metric in declared()}
    assert found["controller_runtime_reconcile_total"].labels == ("controller", "result")
    assert found["workqueue_adds_total"][1:3] == ("counter", ("name", "controller"))
    assert found["rds_enrollment_teleport_stream_live"][1:3] == ("gauge", ())
    assert found["rds_enrollment_resource_deletion_timestamp_seconds"].labels == ("kind", "namespace", "name")
    assert found["aws_api_requests_total"].labels[-2:] == ("status_code", "error_code")


def test_calls_of_every_form_are_among_the_permissions() -> None:
    """Those of a client in the same file, of a paginator, of another file's client, and those that come on top."""
    needed = {
        "ecs:UpdateService",
        "rds:DescribeDBInstances",
        "ec2:DescribeRouteTables",
        "sts:AssumeRole",
        "iam:TagRole",
    }
    assert needed <= actions()
    assert not any(action.startswith(("ecs:RunTask", "iam:CreateUser", "rds:Delete")) for action in actions())


def test_every_operation_that_is_called_has_a_row_and_no_other_one_has() -> None:
    assert set(NEEDS) == operations()


def test_every_word_of_the_permissions_table_is_explained() -> None:
    page = PAGES[FOLDER / "aws-actions.md"]
    assert [word for word in On if f"\n| {word} | " not in page] == []


def test_every_code_of_the_error_table_is_told_with_its_reason() -> None:
    lines = PAGES[FOLDER / "aws-errors.md"].splitlines()
    for row in TABLE:
        for name in (*row.codes, *(kind.__name__ for kind in row.exceptions)):
            assert any(f"`{name}`" in line and f"| `{row.reason}` |" in line for line in lines), name
