"""The Kubernetes side: reading our objects, their status and finalizer, generated deployments, events."""
