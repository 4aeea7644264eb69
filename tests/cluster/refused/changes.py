"""Changes of an object that the API server refuses."""

from dataclasses import dataclass
from typing import Any

from tests.cluster.refused.manifest import (
    ABSENT,
    DEPLOYMENT,
    ENROLLMENT,
    INTEGRATION,
    VPC,
)


@dataclass(frozen=True)
class Change:
    """An update that is refused: a field of an object that exists goes from one value to another."""

    kind: str
    path: str
    before: Any
    after: Any
    message: str


RECREATE = "delete the object and create it again with the new value"
CHANGES = {
    "account": Change(
        INTEGRATION, "spec.accountId", "111111111111", "222222222222", f"accountId is immutable: {RECREATE}"
    ),
    "integration name": Change(
        INTEGRATION,
        "spec.integrationName",
        "one",
        "other",
        f"integrationName is immutable, and can be neither added nor removed later: {RECREATE}",
    ),
    "integration name added": Change(
        INTEGRATION, "spec.integrationName", ABSENT, "other", "can be neither added nor removed later"
    ),
    "integration name removed": Change(
        INTEGRATION, "spec.integrationName", "one", ABSENT, "can be neither added nor removed later"
    ),
    "integration of an enrolment": Change(
        ENROLLMENT,
        "spec.integrationRef.name",
        "one",
        "other",
        f"integrationRef.name is immutable: {RECREATE}",
    ),
    "namespace of an integration": Change(
        ENROLLMENT,
        "spec.integrationRef.namespace",
        "one",
        "other",
        f"namespace is immutable, and can be neither added nor removed later: {RECREATE}",
    ),
    "integration of an enrolment removed": Change(
        ENROLLMENT, "spec.integrationRef", {"name": "one"}, ABSENT, "spec.integrationRef: Required value"
    ),
    "integration of a deployment": Change(
        DEPLOYMENT,
        "spec.integrationRef.name",
        "one",
        "other",
        f"integrationRef.name is immutable: {RECREATE}",
    ),
    "region": Change(DEPLOYMENT, "spec.region", "us-west-1", "us-west-2", f"region is immutable: {RECREATE}"),
    "vpc": Change(DEPLOYMENT, "spec.vpcId", VPC, "vpc-01234567", f"vpcId is immutable: {RECREATE}"),
    "join token": Change(
        DEPLOYMENT,
        "spec.joinToken",
        {"name": "one"},
        {"name": "other"},
        f"joinToken.name is immutable: {RECREATE}",
    ),
    "join token added": Change(
        DEPLOYMENT,
        "spec.joinToken",
        ABSENT,
        {"name": "one"},
        "joinToken can be given at creation only: it may be taken away, and a token of the deployment's own takes over",
    ),
    "integration role": Change(
        INTEGRATION,
        "spec.role",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "task role": Change(
        DEPLOYMENT,
        "spec.taskRole",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "task role of the default name": Change(
        DEPLOYMENT,
        "spec.taskRole",
        {"path": "/teams/"},
        {"path": "/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
    "execution role": Change(
        DEPLOYMENT,
        "spec.executionRole",
        {"name": "one"},
        {"name": "one", "path": "/teams/"},
        "a role cannot be moved to another path under its name: change name, too",
    ),
}
