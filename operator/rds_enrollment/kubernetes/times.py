"""Times as the API server takes them."""

from datetime import datetime


def micro_time(moment: datetime) -> str:
    """A MicroTime (k8s.io/apimachinery, meta/v1) of an aware UTC time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
