"""The Teleport role that the operator needs, as it ships."""

from importlib.resources import files


def role_manifest() -> str:
    """A role in YAML, for `tctl create -f`."""
    return (files("rds_enrollment.teleport") / "role.yaml").read_text(encoding="utf-8")
