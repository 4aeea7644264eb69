"""What clients share leaves out nothing that botocore does for our services."""

import botocore.session
import pytest
from botocore.handlers import BUILTIN_HANDLERS
from rds_enrollment.aws import sharing
from rds_enrollment.plan.permissions.table import NEEDS

PREFIXES = sorted({operation.split(":")[0] for operation in NEEDS})
FOLDERS = {"servicequotas": "service-quotas"}
"""Of botocore's services, where they are not called as in IAM."""


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_service_that_is_called_keeps_its_handlers(prefix: str) -> None:
    service = botocore.session.get_session().get_service_model(FOLDERS.get(prefix, prefix))
    id_in_events = service.service_id.hyphenize()
    theirs = [event for event, *_ in BUILTIN_HANDLERS if event.split(".")[1:2] == [id_in_events]]
    prose = [event for event in theirs if event.startswith("docs.")]
    assert [event for event in theirs if not sharing._is_ours(event)] == prose
    assert sharing._is_ours(f"before-call.{id_in_events}.AnyOperation")
