"""What IAM has to allow for given manifests."""
