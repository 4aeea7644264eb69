"""The live view: Teleport's objects from memory, kept in step by one stream of events.

Controllers ask it as they would ask TeleportClient. While the stream is in sync a question costs no call; what the
process itself wrote is read back by name until the stream has caught up; without a stream each question is a call.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.teleport import (
    Agent,
    Database,
    DatabaseServer,
    Integration,
    IntegrationProof,
    JoinToken,
    MaintenanceWindow,
    RdsUserTask,
    TeleportCluster,
)
from rds_enrollment.plan.outcome import Blocked, Outcome
from rds_enrollment.plan.steps import TeleportStep
from rds_enrollment.runtime.backoff import Backoff
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.teleport.apply import apply_step, written_object
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.follower import Follower, Pace
from rds_enrollment.teleport.integration_proof import prove_integration
from rds_enrollment.teleport.kinds import ABSENT, Held, Kind, Value
from rds_enrollment.teleport.listings import fetch, list_kind
from rds_enrollment.teleport.maintenance import get_window
from rds_enrollment.teleport.memory import Change, Memory
from rds_enrollment.teleport.own_writes import OwnWrites
from rds_enrollment.teleport.user_tasks import list_rds_user_tasks
from rds_enrollment.teleport.wakes import TeleportWakes

CLUSTER_SECONDS = 300.0
"""How long what the cluster says of itself is believed while the stream lasts: its target version may change."""
USER_TASKS_SECONDS = 300.0
"""How long a look at the user tasks is good for, a refusal included: the Discovery Service writes them rarely."""
READ_BACK_LIMIT = 50
"""With more writes to read back than this, one listing is cheaper."""
_SERVER_LAG_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between reads while the server's own cache shows the state before our write."""

V = TypeVar("V", bound=Value)


class LiveView:
    """Answers for one cluster. Made and used within one event loop; `run` keeps it in step.

    Every question and `apply` raises the Outcomes that TeleportClient raises.
    """

    def __init__(
        self,
        client: TeleportClient,
        *,
        wakes: TeleportWakes,
        wake: Callable[[Mapping[Key, float]], None],
        now: Callable[[], datetime],
        rng: random.Random,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wake` is told which objects a change in Teleport concerns, and in how many seconds; `now` is aware, `timer`
        counts seconds."""
        self._client = client
        self._call = client.caller
        self._memory = Memory()
        self._own = OwnWrites()
        self._wakes = wakes
        self._wake = wake
        self._now = now
        self._timer = timer
        self._cluster: tuple[TeleportCluster, int, float] | None = None
        self._window: tuple[Seen[MaintenanceWindow | None], float] | None = None
        self._user_tasks: tuple[tuple[RdsUserTask, ...] | Blocked, float] | None = None
        self._follower = Follower(
            self._call,
            self._memory,
            self._own,
            tell=self._tell,
            now=now,
            backoff=Backoff(rng, base=0.5, cap=pace.poll),
            pace=pace,
        )

    @property
    def live(self) -> frozenset[Kind]:
        """The kinds that are answered from memory."""
        return self._follower.live

    @property
    def known_version(self) -> str | None:
        """Teleport's version, as it was last asked; None before that."""
        return self._cluster[0].version if self._cluster else None

    async def run(self) -> None:
        """Keep in step until cancelled."""
        await self._follower.run()

    async def apply(self, step: TeleportStep) -> None:
        """Make the write that `step` names. Whatever came of it, the object is read back before it is answered."""
        address = written_object(step)
        replaced: str | None = None
        self._own.begin(address)
        try:
            replaced = await apply_step(self._call, step)
        finally:
            self._own.end(address, replaced)

    async def cluster(self) -> TeleportCluster:
        """The cluster behind the connection: asked once for each stream, and from time to time."""
        stream = self._follower.streams
        in_step = self._follower.is_live(Kind.DATABASE)
        if in_step and self._cluster is not None:
            cluster, known_in, until = self._cluster
            if known_in == stream and self._timer() < until:
                return cluster
        cluster = replace(await self._client.cluster(), window=await self._maintenance_window())
        if in_step:
            self._cluster = (cluster, stream, self._timer() + CLUSTER_SECONDS)
        return cluster

    async def databases(self) -> list[Database]:
        """All `db` objects that the operator's role may see."""
        return await self._all(Kind.DATABASE, Database)

    async def databases_as_told(self) -> list[Database]:
        """The same as far as the stream has told of them: for those that do not write them, and need not wait until
        the writes of others are read back."""
        if not self._follower.is_live(Kind.DATABASE):
            return await self.databases()
        return [held.value for held in self._memory.all(Kind.DATABASE) if isinstance(held.value, Database)]

    async def agents(self) -> list[Agent]:
        """All `db_service` heartbeats."""
        return await self._all(Kind.DATABASE_SERVICE, Agent)

    async def database_servers(self) -> list[DatabaseServer]:
        """All `db_server` heartbeats: one for each agent and database."""
        return await self._all(Kind.DATABASE_SERVER, DatabaseServer)

    async def tokens(self) -> list[JoinToken]:
        """All join tokens."""
        return await self._all(Kind.TOKEN, JoinToken)

    async def integrations(self) -> list[Integration]:
        """All integrations of any sub kind."""
        return await self._all(Kind.INTEGRATION, Integration)

    async def get_token(self, name: str) -> JoinToken | None:
        """One join token, None when there is none."""
        return await self._one(Kind.TOKEN, name, JoinToken)

    async def get_integration(self, name: str) -> Integration | None:
        """One integration of any sub kind, None when there is none."""
        return await self._one(Kind.INTEGRATION, name, Integration)

    async def user_tasks(self) -> tuple[RdsUserTask, ...]:
        """The open user tasks about RDS, as they were at most USER_TASKS_SECONDS ago."""
        if self._user_tasks is None or self._timer() >= self._user_tasks[1]:
            found: tuple[RdsUserTask, ...] | Blocked
            try:
                found = await list_rds_user_tasks(self._call)
            except Blocked as blocked:
                found = blocked
            self._user_tasks = (found, self._timer() + USER_TASKS_SECONDS)
        answer, _ = self._user_tasks
        if isinstance(answer, Blocked):
            raise Blocked(answer.reason, answer.message)
        return answer

    async def prove_integration(self, name: str) -> IntegrationProof | None:
        """Whether Teleport can act in AWS through an integration: each question is a call. None: cannot be asked."""
        return await prove_integration(self._call, name)

    async def _maintenance_window(self) -> Seen[MaintenanceWindow | None]:
        """A refusal is good for as long as an answer, a failure of the server is not."""
        if self._window is None or self._timer() >= self._window[1]:
            found: Seen[MaintenanceWindow | None]
            try:
                found = await get_window(self._call)
            except Outcome as outcome:
                found = Unseen(outcome)
            refused = isinstance(found, Unseen) and isinstance(found.outcome, Blocked)
            good = CLUSTER_SECONDS if refused or not isinstance(found, Unseen) else 0.0
            self._window = (found, self._timer() + good)
        return self._window[0]

    async def _all(self, kind: Kind, type_: type[V]) -> list[V]:
        answer = await self._answers(kind)
        return [held.value for held in answer if isinstance(held.value, type_)]

    async def _one(self, kind: Kind, name: str, type_: type[V]) -> V | None:
        held = await self._answer(kind, name)
        if held is None or (held.expires is not None and held.expires <= self._now()):
            return None
        return held.value if isinstance(held.value, type_) else None

    async def _answer(self, kind: Kind, name: str) -> Held | None:
        address = (kind, name)
        if self._follower.is_live(kind) and not self._own.has(address):
            return self._memory.get(kind, name)
        fresh = await self._fresh(kind, name)
        in_step = self._follower.is_live(kind) and self._read_back(kind, name, fresh)
        return self._memory.get(kind, name) if in_step else fresh

    async def _answers(self, kind: Kind) -> list[Held]:
        if not self._follower.is_live(kind):
            return _once_each(await list_kind(self._call, kind))
        names = self._own.names(kind)
        if len(names) > READ_BACK_LIMIT:
            return await self._listed(kind, names)
        read = await asyncio.gather(*(self._fresh(kind, name) for name in names))
        fresh = dict(zip(names, read, strict=True))
        if not self._follower.is_live(kind):
            return _once_each(await list_kind(self._call, kind))
        behind = {name: held for name, held in fresh.items() if not self._read_back(kind, name, held)}
        return _overlaid(self._memory.all(kind), behind)

    async def _listed(self, kind: Kind, names: Iterable[str]) -> list[Held]:
        """Everything, read back at once."""
        listed: dict[str, Held] = {}
        for pause in (*_SERVER_LAG_PAUSES, None):
            listed = {held.key: held for held in await list_kind(self._call, kind)}
            lags = any(self._own.is_outdated((kind, name), _revision(listed.get(name))) for name in names)
            if pause is None or not lags:
                break
            await asyncio.sleep(pause)
        if self._follower.is_live(kind):
            for name in names:
                self._read_back(kind, name, listed.get(name))
        return list(listed.values())

    async def _fresh(self, kind: Kind, name: str) -> Held | None:
        """One object from the server, not from before a write of ours: its cache gets some time to catch up."""
        for pause in _SERVER_LAG_PAUSES:
            held = await fetch(self._call, kind, name)
            if not self._own.is_outdated((kind, name), _revision(held)):
                return held
            await asyncio.sleep(pause)
        return await fetch(self._call, kind, name)

    def _read_back(self, kind: Kind, name: str, fresh: Held | None) -> bool:
        held = self._memory.get(kind, name)
        return self._own.read_back((kind, name), _revision(fresh), _revision(held))

    def _tell(self, changes: Iterable[Change]) -> None:
        keys = self._wakes.keys(changes)
        if keys:
            self._wake(keys)


def _revision(held: Held | None) -> str:
    return held.revision if held else ABSENT


def _once_each(listed: Iterable[Held]) -> list[Held]:
    return list({held.key: held for held in listed}.values())


def _overlaid(known: Iterable[Held], behind: Mapping[str, Held | None]) -> list[Held]:
    """`known` with what it is behind with."""
    if not behind:
        return list(known)
    kept = [held for held in known if held.key not in behind]
    return [*kept, *(held for held in behind.values() if held is not None)]
