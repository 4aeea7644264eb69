"""What clients are made from is parsed beforehand, once, and no more of it is kept than is called."""

from typing import Any

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader
from botocore.model import Shape
from rds_enrollment.aws import models
from rds_enrollment.aws.models import SERVICES, Models
from rds_enrollment.plan.permissions.table import NEEDS


def session(shared: Models) -> botocore.session.Session:
    made = botocore.session.get_session()
    made.set_credentials("key", "secret")
    shared.share(made)
    return made


def test_clients_and_pages_need_no_file_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Models()
    shared.preload()
    opened: list[str] = []

    def load_file(loader: JSONFileLoader, path: str) -> None:
        if loader.exists(path):  # botocore also looks for what few services have
            opened.append(path)

    monkeypatch.setattr(models._Narrowed, "load_file", load_file)
    for service in SERVICES:
        session(shared).create_client(service, region_name="eu-central-1")
    session(shared).create_client("rds", region_name="us-west-1").get_paginator("describe_db_instances")
    assert opened == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_called_is_described_as_botocore_has_it(service: str) -> None:
    plain = botocore.session.get_session().get_service_model(service)
    lean = session(Models()).get_service_model(service)
    assert lean.metadata == plain.metadata
    assert set(lean.operation_names) <= set(plain.operation_names)
    for name in lean.operation_names:
        found, expected = lean.operation_model(name), plain.operation_model(name)
        assert found.http == expected.http
        assert described(found.input_shape) == described(expected.input_shape)
        assert described(found.output_shape) == described(expected.output_shape)
        assert [described(shape) for shape in found.error_shapes] == [
            described(shape) for shape in expected.error_shapes
        ]


@pytest.mark.parametrize("service", SERVICES)
def test_each_refusal_can_be_looked_up(service: str) -> None:
    """botocore goes over all shapes for it, and merges its extras into them before."""
    model = session(Models()).get_service_model(service)
    assert {shape.type_name for shape in model.error_shapes} <= {"structure"}


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"sts"}))
def test_of_a_service_no_more_is_kept_than_is_called(service: str) -> None:
    model = session(Models()).get_service_model(service)
    assert {f"{service}:{name}" for name in model.operation_names} == {
        operation for operation in NEEDS if operation.startswith(f"{service}:")
    }


@pytest.mark.parametrize("service", ["sts", "sso", "sso-oidc"])
def test_what_botocore_gets_credentials_from_is_whole(service: str) -> None:
    plain = botocore.session.get_session().get_service_model(service)
    lean = session(Models()).get_service_model(service)
    assert lean.operation_names == plain.operation_names
    assert lean.shape_names == plain.shape_names


def described(shape: Shape | None, above: tuple[str, ...] = ()) -> Any:
    """All that botocore reads of a shape, down to where it comes round."""
    if shape is None or shape.name in above:
        return None
    below = (*above, shape.name)
    parts: dict[str, Shape] = dict(getattr(shape, "members", {}))
    parts |= {role: getattr(shape, role) for role in ("member", "key", "value") if hasattr(shape, role)}
    return (
        shape.name,
        shape.type_name,
        shape.serialization,
        shape.metadata,
        {name: described(part, below) for name, part in parts.items()},
    )
