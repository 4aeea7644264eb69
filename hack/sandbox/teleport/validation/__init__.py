"""What Teleport checks and fills in before it stores a resource."""
