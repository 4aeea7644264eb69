"""One joined Database Service: keeps its heartbeats in step with the databases and with the clock."""

from datetime import datetime, timedelta

from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3

from hack.sandbox.aws.tasks import Reachability, RunningTask, TaskSource
from hack.sandbox.teleport.heartbeats import Host, database_server, database_service, target_health
from hack.sandbox.teleport.labels import selects
from hack.sandbox.teleport.resources import Resources


class Agent:
    """Publishes through `resources`; asks `source` what its task can reach."""

    def __init__(self, task: RunningTask, host: Host, resources: Resources, source: TaskSource) -> None:
        self.task = task
        self.host = host
        self._resources = resources
        self._source = source
        self._served: dict[str, DatabaseV3] = {}
        self._next_beat: datetime | None = None
        self._generation = -1

    def tick(self, now: datetime, interval: timedelta, ttl: timedelta) -> None:
        """Renew everything when `interval` is over; follow new, changed and deleted databases at once."""
        due = self._next_beat is None or now >= self._next_beat
        generation = self._resources.databases.generation
        if not due and generation == self._generation:
            return
        wanted = {each.Metadata.Name: each for each in self._resources.databases.list() if self._serves(each)}
        for name in self._served.keys() - wanted.keys():
            self._resources.database_servers.discard(self._key(name))
        for name, database in wanted.items():
            if due or self._served.get(name) != database:
                self._publish(database, now, ttl)
        self._served, self._generation = wanted, generation
        if due:
            self._resources.database_services.put(database_service(self.host, now + ttl))
            self._next_beat = now + interval

    def reaches(self, address: str) -> Reachability:
        """Whether the task can connect to host:port."""
        host, _, port = address.rpartition(":")
        return self._source.can_reach(self.task, host, int(port))

    def is_admitted(self, address: str, user: str) -> bool:
        """Whether IAM lets the task log in as a user of the database at host:port."""
        return self._source.admits(self.task, address.rpartition(":")[0], user)

    def leave(self) -> None:
        """A graceful stop takes the agent's heartbeats along."""
        for name in self._served:
            self._resources.database_servers.discard(self._key(name))
        self._resources.database_services.discard(self.host.host_id)

    def _serves(self, database: DatabaseV3) -> bool:
        return any(selects(selector, database.Metadata.Labels) for selector in self.host.selectors)

    def _publish(self, database: DatabaseV3, now: datetime, ttl: timedelta) -> None:
        servers = self._resources.database_servers
        address = database.Spec.URI
        reach = self.reaches(address)
        last = servers.find(self._key(database.Metadata.Name))
        health = target_health(address, reach, now, last.Status.TargetHealth if last else None)
        servers.put(database_server(self.host, database, health, now + ttl))

    def _key(self, database: str) -> str:
        return f"{self.host.host_id}/{database}"
