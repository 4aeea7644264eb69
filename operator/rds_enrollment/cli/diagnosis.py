"""Draws a diagnosis for a terminal: conditions, failed tasks, and the way to each database, hop by hop."""

from collections.abc import Iterator, Sequence

import click

from rds_enrollment.api.reasons import PROGRESS, ConditionType
from rds_enrollment.controllers.deployment_views import (
    AgentView,
    DatabaseView,
    DeploymentReport,
    FailedTask,
    HopView,
    LoginView,
    Statement,
)
from rds_enrollment.plan.diagnosis.login import LoginResult
from rds_enrollment.plan.text import printable

_GOOD, _BAD, _WAITING = "green", "red", "yellow"
_MARKS = {_GOOD: "✓", _BAD: "✗", _WAITING: "…"}
_SUMMARIES = frozenset({ConditionType.READY.value, ConditionType.RECONCILING.value})
_LIMIT = (
    "Agents and the model of the VPC tell of TCP connections. These prove nothing of IAM authentication, of database "
    "users and their rights, or of TLS: a login through Teleport does (--db-user and --db-name)."
)
_LOGIN_COLOURS = {LoginResult.LOGGED_IN.value: _GOOD, LoginResult.NOT_TRIED.value: _WAITING}


def draw(reports: Sequence[DeploymentReport]) -> str:
    """Lines with colours; whoever prints them takes these out where they are not wanted."""
    return "\n\n".join("\n".join(_lines(report)) for report in reports)


def _lines(report: DeploymentReport) -> Iterator[str]:
    state = click.style("Healthy", fg=_GOOD) if report.healthy else click.style("Not healthy", fg=_BAD)
    name = click.style(f"{report.namespace}/{report.name}", bold=True)
    yield f"DatabaseServiceDeployment {name}  {state}  {report.region} {report.vpc_id}"
    yield (
        f"agents {report.agent_version or '?'}: {_count(report.connected)} connected, {_count(report.running)} "
        f"running, {report.wanted} wanted"
    )
    yield from (link for link in (report.console_url, report.logs_url) if link)
    yield ""
    yield "Conditions"
    for statement in report.conditions:
        if statement.type not in _SUMMARIES:
            yield from _statement(statement)
    if report.tasks:
        yield ""
        yield "Tasks that failed, the last one first"
        for task in report.tasks:
            yield from _task(task)
    for database in report.databases:
        yield ""
        yield from _database(database)
    if any(database.login is None for database in report.databases):
        yield ""
        yield _LIMIT


def _statement(statement: Statement) -> Iterator[str]:
    colour = _colour(statement)
    reason = "" if colour == _GOOD else f"  {printable(statement.reason)}"
    yield f"  {click.style(_MARKS[colour], fg=colour)} {printable(statement.type)}{reason}"
    if colour != _GOOD:
        yield f"      {printable(statement.message)}"


def _colour(statement: Statement) -> str:
    if statement.status == "True":
        return _BAD if statement.type == ConditionType.STALLED else _GOOD
    return _WAITING if statement.status == "Unknown" or statement.reason in set(PROGRESS) else _BAD


def _task(task: FailedTask) -> Iterator[str]:
    mark = click.style(_MARKS[_BAD], fg=_BAD)
    yield f"  {mark} {printable(task.id)}  {printable(task.reason)}  {task.stopped_at}"
    yield f"      {printable(task.message)}"
    yield f"      {printable(task.hint)}"
    yield f"      {printable(task.logs_url)}"


def _database(database: DatabaseView) -> Iterator[str]:
    colour = _GOOD if database.reached else _BAD
    word = "reached" if database.reached else "not reached"
    yield f"Database {click.style(printable(database.name), bold=True)}  {click.style(word, fg=colour)}"
    yield from _drawn(database.hops, f"{database.address}, {database.way} by the model of the VPC")
    for agent in database.agents:
        yield from _agent(agent)
    if not database.agents:
        yield "  no agent reports on it"
    if database.message:
        yield f"  {printable(database.message)}"
    yield from (f"  Not seen, and taken to work: {printable(text)}" for text in database.assumptions)
    if database.login is not None:
        yield from _login(database.login)


def _login(login: LoginView) -> Iterator[str]:
    colour = _LOGIN_COLOURS.get(login.result, _BAD)
    who = f"login as {printable(login.user)} to {printable(login.name)} through Teleport"
    yield f"  {click.style(_MARKS[colour], fg=colour)} {who}  {click.style(login.result, fg=colour)}"
    yield from (f"      {printable(text)}" for text in (login.said, login.advice) if text)


def _drawn(hops: Sequence[HopView], end: str) -> Iterator[str]:
    """The way from top to bottom, up to what blocks it."""
    for position, hop in enumerate(hops):
        last = position == len(hops) - 1
        if hop.blocks:
            mark = click.style(_MARKS[_BAD], fg=_BAD)
        else:
            mark = click.style("●" if last else "│" if position else "○", fg=_GOOD)
        yield f"  {mark} {printable(hop.id)}  {printable(hop.detail)}"
    yield f"    {printable(end)}"


def _agent(agent: AgentView) -> Iterator[str]:
    status = agent.status or "does not check"
    colour = {"healthy": _GOOD, "unhealthy": _BAD}.get(agent.status, _WAITING)
    error = f": {printable(agent.error)}" if agent.error else ""
    yield f"  agent {printable(agent.host)}  {click.style(printable(status), fg=colour)}{error}"


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)
