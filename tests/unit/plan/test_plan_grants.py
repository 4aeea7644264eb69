"""Which roles may be assumed on behalf of whom."""

import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.grants import Grant, Namespaces, external_id
from rds_enrollment.plan.outcome import Blocked

DATA = "arn:aws:iam::222222222222:role/data"
SHOP = "arn:aws:iam::333333333333:role/shop"
GRANTS = (
    Grant(Namespaces(names=frozenset({"one"})), {DATA: "secret-data", SHOP: ""}),
    Grant(Namespaces(match_labels={"team": "shop"}), {SHOP: "secret-shop"}),
    Grant(Namespaces(), {"arn:aws:iam::444444444444:role/nobodys": ""}),
)


@pytest.mark.parametrize(
    ("arn", "namespace", "labels", "expected"),
    [
        (DATA, "one", {}, "secret-data"),
        (SHOP, "one", {}, ""),
        (SHOP, "two", {"team": "shop", "env": "prod"}, "secret-shop"),
    ],
)
def test_a_listed_role_has_its_external_id(
    arn: str, namespace: str, labels: dict[str, str], expected: str
) -> None:
    assert external_id(GRANTS, arn, namespace, labels) == expected


@pytest.mark.parametrize(
    ("arn", "namespace", "labels"),
    [
        (DATA, "two", {}),
        (DATA, "two", {"team": "shop"}),
        (SHOP, "two", {"team": "shopping"}),
        (SHOP, "two", {}),
        ("arn:aws:iam::444444444444:role/nobodys", "one", {"team": "shop"}),
        (DATA.upper(), "one", {}),
    ],
)
def test_any_other_is_refused(arn: str, namespace: str, labels: dict[str, str]) -> None:
    with pytest.raises(Blocked, match=f"does not allow {arn} for namespace {namespace}") as caught:
        external_id(GRANTS, arn, namespace, labels)
    assert caught.value.reason is Reason.ROLE_NOT_ALLOWED
    assert "secret" not in caught.value.message
