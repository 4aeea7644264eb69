"""Reading when agents may be upgraded (Teleport's cluster_maintenance_config)."""

from google.protobuf.empty_pb2 import Empty

from rds_enrollment.plan.observed.teleport import MaintenanceWindow
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.errors import NotFoundError, Permission, UnimplementedError
from rds_enrollment.teleport.wire.maintenance_pb2 import AgentUpgradeWindow

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = 24


async def get_window(call: Caller) -> MaintenanceWindow | None:
    """The cluster's one window; None when it has none, or is too old to have one.

    Raises Blocked when the role does not allow it, and Transient.
    """
    try:
        config = await call(
            lambda session: session.auth.GetClusterMaintenanceConfig,
            Empty(),
            permission=Permission("cluster_maintenance_config", ("read",)),
        )
    except (NotFoundError, UnimplementedError):
        return None
    return read_window(config.Spec.AgentUpgrades) if config.Spec.HasField("AgentUpgrades") else None


def read_window(message: AgentUpgradeWindow) -> MaintenanceWindow:
    """As Teleport takes it (api/types/maintenance.go): the hour modulo a day, what is no weekday is left out."""
    days = frozenset(_DAYS.index(day) for name in message.Weekdays for day in _DAYS if _is(name, day))
    return MaintenanceWindow(message.UTCStartHour % _HOURS, days)


def _is(name: str, day: str) -> bool:
    return name.lower() in (day, day[:3])
