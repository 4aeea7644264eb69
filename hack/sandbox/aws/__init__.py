"""An AWS on loopback for tests and the demo. See `server.AwsSandbox` and `world.World`."""
