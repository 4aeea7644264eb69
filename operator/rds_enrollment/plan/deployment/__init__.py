"""DatabaseServiceDeployment: the Teleport Database Service on ECS Fargate in one VPC."""
