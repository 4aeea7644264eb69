"""Kubernetes operator that enrols Amazon RDS databases in Teleport and runs the agents that serve them."""

__version__ = "0.1.0"
