"""IAM: what its policies allow, and what it has to allow for given manifests."""
