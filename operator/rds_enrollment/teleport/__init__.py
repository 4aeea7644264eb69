"""Teleport: the only importer of the gRPC library. `client.TeleportClient` is the way in."""
