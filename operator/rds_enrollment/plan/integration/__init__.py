"""AwsOidcIntegration: trust between one AWS account and Teleport."""
