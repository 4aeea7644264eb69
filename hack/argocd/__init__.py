"""What Argo CD needs to know of the three kinds."""
