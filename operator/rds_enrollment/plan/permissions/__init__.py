"""IAM permissions: what policies allow, and which ones the operator itself needs for given manifests."""
