"""Draws an overview as a tree for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from rds_enrollment.api.rds_enrollment import DatabaseState
from rds_enrollment.api.reasons import PROGRESS
from rds_enrollment.cli.overview import Database, Deployment, Enrollment, Integration, Overview, State, Tasks
from rds_enrollment.plan.text import printable

_GOOD, _BAD, _WAITING = "green", "red", "yellow"
_COLOURS: dict[str, str] = {
    DatabaseState.ENROLLED: _GOOD,
    DatabaseState.SKIPPED: "bright_black",
    DatabaseState.CONFLICTING: _BAD,
    DatabaseState.FAILED: _BAD,
}
_NOTHING = "No AwsOidcIntegration, RdsEnrollment or DatabaseServiceDeployment was found."


@dataclass(frozen=True, slots=True)
class _Node:
    line: str
    children: Sequence["_Node"] = ()


def draw(overview: Overview) -> str:
    """Lines with colours; whoever prints them takes these out where they are not wanted.

    Texts of objects are shown without control characters: they must not reach the reader's terminal.
    """
    nodes = [
        *(_integration(item) for item in overview.integrations),
        *(_enrollment(item) for item in overview.enrollments),
        *(_deployment(item) for item in overview.deployments),
    ]
    return "\n".join(line for node in nodes for line in _lines(node)) or _NOTHING


def _lines(node: _Node) -> Iterator[str]:
    yield node.line
    for position, child in enumerate(node.children, start=1):
        last = position == len(node.children)
        first, *rest = _lines(child)
        yield ("└── " if last else "├── ") + first
        yield from (("    " if last else "│   ") + line for line in rest)


def _integration(item: Integration) -> _Node:
    line = _line("AwsOidcIntegration", item.namespace, item.name, item.state, f"account {item.account_id}")
    return _Node(line, _why(item.state))


def _enrollment(item: Enrollment) -> _Node:
    facts = (
        f"enrolled {_count(item.enrolled)} of {_count(item.discovered)}, reachable {_count(item.reachable)}"
    )
    line = _line("RdsEnrollment", item.namespace, item.name, item.state, facts)
    deployments = [_deployment(deployment) for deployment in item.deployments]
    return _Node(line, [*_why(item.state), *deployments, *_databases(item.databases)])


def _deployment(item: Deployment) -> _Node:
    facts = f"{item.region} {item.vpc_id}, agents {item.agent_version or '?'}"
    line = _line("DatabaseServiceDeployment", item.namespace, item.name, item.state, facts)
    return _Node(line, [*_why(item.state), _tasks(item.tasks), *_databases(item.databases)])


def _tasks(tasks: Tasks) -> _Node:
    connected = tasks.connected is not None and tasks.connected == (tasks.wanted or tasks.connected)
    colour = _GOOD if connected and tasks.connected else _WAITING
    counts = f"{_count(tasks.connected)} connected, {_count(tasks.running)} running, {_count(tasks.pending)} starting"
    return _Node(f"tasks: {click.style(counts, fg=colour)}, {_count(tasks.wanted)} wanted")


def _databases(databases: Sequence[Database]) -> list[_Node]:
    return [_database(database) for database in databases]


def _database(database: Database) -> _Node:
    colour = _COLOURS.get(database.state, _WAITING)
    line = f"database {printable(database.name)}  {click.style(printable(database.state), fg=colour)}"
    if database.state == DatabaseState.ENROLLED:
        return _Node(line)
    message = printable(database.message)
    return _Node(f"{line}: {printable(database.reason)}", [_Node(message)] if message else [])


def _line(kind: str, namespace: str, name: str, state: State, facts: str) -> str:
    return f"{kind} {click.style(f'{namespace}/{name}', bold=True)}  {_state(state)}  {facts}"


def _state(state: State) -> str:
    if state.ready == "True":
        return click.style("Ready", fg=_GOOD)
    bad = state.ready == "False" and state.reason not in set(PROGRESS)
    words = f"Not ready: {state.reason}" if state.ready else "New"
    return click.style(printable(words), fg=_BAD if bad else _WAITING)


def _why(state: State) -> list[_Node]:
    return [_Node(printable(state.message))] if state.message else []


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)
