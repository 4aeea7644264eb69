"""A real PostgreSQL, which stands behind the endpoints of the simulated RDS."""
