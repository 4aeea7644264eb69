"""The cluster behind the connection."""

from rds_enrollment.plan.observed.teleport import TeleportCluster
from rds_enrollment.teleport.calls import Caller
from rds_enrollment.teleport.wire.auth_service_pb2 import PingRequest


async def get_cluster(call: Caller) -> TeleportCluster:
    """AuthService/Ping, which any identity of the cluster may call."""
    reply = await call(lambda session: session.auth.Ping, PingRequest(), permission=None)
    return TeleportCluster(
        name=reply.ClusterName,
        version=reply.ServerVersion.removeprefix("v"),
        proxy_address=reply.ProxyPublicAddr,
        cloud=reply.ServerFeatures.Cloud,
    )
