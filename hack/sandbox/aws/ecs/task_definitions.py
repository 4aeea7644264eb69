"""Task definitions: revisions that are never reused, INACTIVE, DELETE_IN_PROGRESS and gone.

Source: Amazon ECS API Reference, RegisterTaskDefinition, DescribeTaskDefinition ("the latest ACTIVE revision"),
DeregisterTaskDefinition, DeleteTaskDefinitions.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from hack.sandbox.aws.ecs.errors import EcsError, client_error, invalid_parameter
from hack.sandbox.aws.ecs.timing import Timing

DELETE_LIMIT = 10  # as DeleteTaskDefinitions


class TaskDefinitions:
    """Reads and deletes over moto's `family -> revision -> TaskDefinition`.

    A deleted definition stays in the dictionary, marked, so that moto never gives its revision again.
    """

    def __init__(
        self, families: dict[str, dict[int, Any]], timing: Timing, in_use: Callable[[str], bool]
    ) -> None:
        """`in_use` tells whether a service still refers to an ARN: such a one is not gone yet."""
        self._families = families
        self._timing = timing
        self._in_use = in_use
        self._deleted_at: dict[str, datetime] = {}

    def find(self, reference: str, now: datetime) -> Any:
        """By family (latest ACTIVE), `family:revision` or ARN. Raises ClientException."""
        family, _, revision = reference.split("/")[-1].partition(":")
        if revision:
            found = self._families.get(family, {}).get(_number(revision))
            if found is not None and not self.is_gone(found, now):
                return found
        else:
            active = [d for d in self._families.get(family, {}).values() if d.status == "ACTIVE"]
            if active:
                return max(active, key=lambda definition: definition.revision)
        raise client_error("Unable to describe task definition.")

    def is_gone(self, definition: Any, now: datetime) -> bool:
        deleted_at = self._deleted_at.get(definition.arn)
        if deleted_at is None or self._in_use(definition.arn):
            return False
        return now >= deleted_at + self._timing.task_definition_deletion

    def list_all(self, family_prefix: str | None, status: str, now: datetime) -> list[Any]:
        """Those of a status. The "prefix" is a whole family name, as ECS takes it."""
        return [
            definition
            for definition in self.present(now)
            if definition.status == status and family_prefix in (None, definition.family)
        ]

    def list_families(self, prefix: str, status: str, now: datetime) -> list[str]:
        """Families whose name starts so; ACTIVE ones have an ACTIVE revision, INACTIVE ones have none."""
        present: dict[str, set[str]] = {}
        for definition in self.present(now):
            present.setdefault(definition.family, set()).add(definition.status)
        return sorted(
            family
            for family, statuses in present.items()
            if family.startswith(prefix)
            and (status == "ALL" or (status == "ACTIVE") == ("ACTIVE" in statuses))
        )

    def present(self, now: datetime) -> Iterator[Any]:
        """Every definition that can still be described."""
        for revisions in self._families.values():
            yield from (d for d in revisions.values() if not self.is_gone(d, now))

    def deregister(self, reference: str, now: datetime) -> Any:
        """ACTIVE -> INACTIVE."""
        if ":" not in reference.split("/")[-1]:
            raise client_error("Revision is missing.")
        definition = self.find(reference, now)
        if definition.status == "ACTIVE":
            definition.status = "INACTIVE"
            definition.deregistered_at = now
        return definition

    def delete(self, references: list[str], now: datetime) -> tuple[list[Any], list[dict[str, str]]]:
        """INACTIVE -> DELETE_IN_PROGRESS; the others come back as failures."""
        if not references or len(references) > DELETE_LIMIT:
            raise invalid_parameter(f"Between 1 and {DELETE_LIMIT} task definitions can be deleted at once.")
        deleted: list[Any] = []
        failures: list[dict[str, str]] = []
        for reference in references:
            try:
                deleted.append(self._delete(reference, now))
            except EcsError as error:
                failures.append({"arn": reference, "reason": error.message})
        return deleted, failures

    def _delete(self, reference: str, now: datetime) -> Any:
        if ":" not in reference.split("/")[-1]:
            raise client_error("The specified task definition identifier is invalid.")
        definition = self.find(reference, now)
        if definition.status == "ACTIVE":
            raise client_error("The specified task definition is still in ACTIVE status.")
        if definition.arn not in self._deleted_at:
            definition.status = "DELETE_IN_PROGRESS"
            definition.delete_requested_at = now
            self._deleted_at[definition.arn] = now
        return definition


def _number(revision: str) -> int:
    if not revision.isdigit():
        raise invalid_parameter(f"Invalid revision number. Number: {revision}")
    return int(revision)
