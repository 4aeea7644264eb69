"""What all services of the simulated auth server share."""

from dataclasses import dataclass, field

from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

from hack.sandbox.teleport.authority import BOT_ROLE_NAME
from hack.sandbox.teleport.calls import Caller
from hack.sandbox.teleport.resources import Clock, Resources
from hack.sandbox.teleport.roles import BOT_ROLE, NOTHING, Role


@dataclass
class Cluster:
    """A Teleport cluster: what it says about itself, what it stores, and its one role."""

    name: str
    version: str
    """Semantic version of the auth server, without a leading v."""
    proxy_address: str
    """host:port of the proxy as clients and agents reach it."""
    clock: Clock
    maintenance: AgentUpgradeWindow | None = None
    """None: nobody has made a cluster_maintenance_config."""
    role: Role = BOT_ROLE
    """The role named `BOT_ROLE_NAME`."""
    resources: Resources = field(init=False)

    def __post_init__(self) -> None:
        self.resources = Resources(self.clock)

    @property
    def lists_databases_by_page(self) -> bool:
        """Not in v18.0; in which later release it came does not matter here, and 19 stands for all of them."""
        return int(self.version.partition(".")[0]) >= 19

    def role_of(self, caller: Caller) -> Role:
        """A caller without the known role may do what every caller may."""
        return self.role if BOT_ROLE_NAME in caller.roles else NOTHING
