"""Causes out of other people's words: what ECS says of tasks and services, and what agents log."""
