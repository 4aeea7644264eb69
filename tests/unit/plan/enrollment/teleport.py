"""An in-memory Teleport for plans: applies steps as the server does."""

from collections.abc import Iterable

from rds_enrollment.plan.observed.teleport import Database
from rds_enrollment.plan.steps.base import Step
from rds_enrollment.plan.steps.teleport import CreateDatabase, DeleteDatabase, UpdateDatabase


def applied(databases: Iterable[Database], steps: Iterable[Step]) -> tuple[Database, ...]:
    """The db objects after the steps. Creating what exists, or changing what does not, is an error."""
    by_name = {database.name: database for database in databases}
    for step in steps:
        match step:
            case CreateDatabase(database=database):
                assert database.name not in by_name
                by_name[database.name] = database
            case UpdateDatabase(database=database):
                assert database.name in by_name
                by_name[database.name] = database
            case DeleteDatabase(database=name):
                del by_name[name]
            case _:
                raise TypeError(f"{step.name} is not about databases")
    return tuple(by_name.values())
