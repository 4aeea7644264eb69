"""All that an integration's writes aim at, to tell drift from a new wish."""

from rds_enrollment.plan.integration.wanted import WantedIntegration, wanted_integration, wanted_role


def aim(wanted: WantedIntegration) -> object:
    """It follows from what is wanted alone."""
    return wanted_role(wanted), wanted_integration(wanted), wanted.issuer, wanted.shared_tags
