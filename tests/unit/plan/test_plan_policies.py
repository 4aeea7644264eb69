"""IAM documents as Teleport's wizard writes them, and their comparison by meaning."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rds_enrollment.plan import policies

from tests.wizard_policies import DEPLOY_SERVICE, LIST_DATABASES, TASK_ROLE, TASKS_TRUST

LOGS_STATEMENT = {"Effect": "Allow", "Action": ["logs:CreateLogStream"], "Resource": "*"}
FOREIGN_STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def test_trust_of_the_integration_role() -> None:
    assert policies.integration_trust("aws", "123456789012", "https://example.teleport.sh:3080") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {
                    "Federated": "arn:aws:iam::123456789012:oidc-provider/example.teleport.sh:3080"
                },
                "Condition": {"StringEquals": {"example.teleport.sh:3080:aud": "discover.teleport"}},
            }
        ],
    }


def test_policy_list_databases() -> None:
    assert policies.LIST_DATABASES == "ListDatabases"
    assert policies.list_databases() == LIST_DATABASES


def test_policy_deploy_service() -> None:
    assert policies.DEPLOY_SERVICE == "DeployService"
    assert policies.deploy_service("aws", "123456789012", ["TeleportDatabaseAccess-*"]) == DEPLOY_SERVICE
    elsewhere = policies.deploy_service("aws-cn", "123456789012", ["TeleportDatabaseAccess-*"])
    assert (
        elsewhere["Statement"][0]["Resource"] == "arn:aws-cn:iam::123456789012:role/TeleportDatabaseAccess-*"
    )


def test_task_roles_are_listed_once_and_in_order() -> None:
    written = policies.deploy_service("aws", "123456789012", ["b", "a", "b"])
    assert written["Statement"][0]["Resource"] == [
        "arn:aws:iam::123456789012:role/a",
        "arn:aws:iam::123456789012:role/b",
    ]


def test_trust_and_policy_of_the_task_role() -> None:
    assert policies.task_trust() == TASKS_TRUST
    assert policies.task_policy() == TASK_ROLE


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (document(LOGS_STATEMENT, FOREIGN_STATEMENT), True),
        (document(FOREIGN_STATEMENT, LOGS_STATEMENT), True),
        (document({**LOGS_STATEMENT, "Sid": "Logs"}, FOREIGN_STATEMENT), True),
        (document({**LOGS_STATEMENT, "Action": "logs:CreateLogStream"}, FOREIGN_STATEMENT), True),
        (document({**LOGS_STATEMENT, "Resource": ["*"]}, FOREIGN_STATEMENT), True),
        (document({**LOGS_STATEMENT, "Effect": "Deny"}, FOREIGN_STATEMENT), False),
        (document({**LOGS_STATEMENT, "Resource": "arn:aws:logs:*"}, FOREIGN_STATEMENT), False),
        (document({**LOGS_STATEMENT, "Action": ["logs:PutLogEvents"]}, FOREIGN_STATEMENT), False),
        (document({**LOGS_STATEMENT, "Condition": {"Bool": {"a": "true"}}}, FOREIGN_STATEMENT), False),
        (document(LOGS_STATEMENT), False),
        (document(LOGS_STATEMENT, FOREIGN_STATEMENT, TASKS_TRUST["Statement"][0]), False),
        (document(), False),
        ({}, False),
    ],
)
def test_documents_are_compared_by_meaning(other: dict[str, Any], same: bool) -> None:
    one = document(LOGS_STATEMENT, FOREIGN_STATEMENT)
    assert policies.same(one, other) is same
    assert policies.same(other, one) is same


def test_a_single_statement_may_stand_without_a_list() -> None:
    bare = {"Version": "2012-10-17", "Statement": LOGS_STATEMENT}
    assert policies.same(bare, document(LOGS_STATEMENT))


def test_merging_appends_what_is_missing_and_keeps_the_rest() -> None:
    trust = document({**FOREIGN_STATEMENT, "Sid": "Theirs"}, version="2008-10-17")
    merged = policies.merged(trust, TASKS_TRUST)
    assert merged == {
        "Version": "2008-10-17",
        "Statement": [{**FOREIGN_STATEMENT, "Sid": "Theirs"}, TASKS_TRUST["Statement"][0]],
    }
    assert not policies.covers(trust, TASKS_TRUST)
    assert policies.covers(merged, TASKS_TRUST)
    assert policies.covers(merged, trust)


words = st.sampled_from(["a", "b", "c"])
values = st.one_of(words, st.lists(words, min_size=1, max_size=3))
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": values},
    optional={"Resource": values, "Sid": words, "Condition": st.dictionaries(words, values, max_size=2)},
)
documents = st.builds(lambda items: document(*items), st.lists(statements, max_size=4))


@settings(deadline=None)
@given(one=documents, wanted=documents)
def test_a_merge_covers_both_and_a_second_one_changes_nothing(
    one: dict[str, Any], wanted: dict[str, Any]
) -> None:
    merged = policies.merged(one, wanted)
    assert merged["Statement"][: len(one["Statement"])] == one["Statement"]
    assert policies.covers(merged, one)
    assert policies.covers(merged, wanted)
    assert policies.merged(merged, wanted) == merged
