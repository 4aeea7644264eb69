"""What clients are made from is parsed beforehand, once, and without its prose."""

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader
from rds_enrollment.aws import models
from rds_enrollment.aws.models import SERVICES, Models


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

    monkeypatch.setattr(models._WithoutDocumentation, "load_file", load_file)
    for service in SERVICES:
        session(shared).create_client(service, region_name="eu-central-1")
    session(shared).create_client("rds", region_name="us-west-1").get_paginator("describe_db_instances")
    assert opened == []


@pytest.mark.parametrize("service", SERVICES)
def test_models_say_the_same_as_with_their_prose(service: str) -> None:
    plain = botocore.session.get_session().get_service_model(service)
    lean = session(Models()).get_service_model(service)
    assert lean.operation_names == plain.operation_names
    assert lean.shape_names == plain.shape_names
    assert lean.metadata == plain.metadata
    for name in plain.shape_names:
        found, expected = lean.shape_for(name), plain.shape_for(name)
        assert found.type_name == expected.type_name
        assert list(getattr(found, "members", ())) == list(getattr(expected, "members", ()))
