"""A Teleport auth server and its Database Service agents, simulated on loopback with the real wire protocol."""
