"""Where a plan applies: one account, one Teleport cluster, one integration between them."""

from dataclasses import dataclass

from rds_enrollment.plan.observed.teleport import TeleportCluster


@dataclass(frozen=True, slots=True)
class Scope:
    """What every object of one integration has in common."""

    account: str
    partition: str
    integration: str
    """Name of the integration in Teleport."""
    cluster: TeleportCluster
    enterprise: bool
    """Whether agents run the enterprise image."""
    fips: bool = False
    """Whether they run the FIPS image, which is an enterprise one, in FIPS mode."""
    docs_url: str = ""
    """Of the site of the docs that messages lead to; empty where none is known."""
