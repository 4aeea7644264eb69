"""A model of one VPC's network: whether a new connection gets through, by AWS's published rules alone."""
