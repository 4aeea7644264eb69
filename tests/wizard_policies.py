"""IAM documents of Teleport's wizard for account 123456789012, written out by hand from Teleport's sources
(lib/cloud/aws/policy_statements.go, lib/integrations/awsoidc/deployservice_iam_config.go): what others compare with."""

from typing import Any

LIST_DATABASES: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "rds:DescribeDBInstances",
                "rds:DescribeDBClusters",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "Resource": "*",
        }
    ],
}

DEPLOY_SERVICE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            # Differs: the wizard names its one task role; here each VPC has one.
            "Resource": "arn:aws:iam::123456789012:role/TeleportDatabaseAccess-*",
        },
        {
            "Effect": "Allow",
            "Action": [
                "ecs:DescribeClusters",
                "ecs:CreateCluster",
                "ecs:PutClusterCapacityProviders",
                "ecs:DescribeServices",
                "ecs:CreateService",
                "ecs:UpdateService",
                "ecs:ListServices",
                "ecs:RegisterTaskDefinition",
                "ecs:DescribeTaskDefinition",
                "ecs:DeregisterTaskDefinition",
                "ecs:TagResource",
                "ec2:DescribeSecurityGroups",
                "iam:CreateServiceLinkedRole",
            ],
            "Resource": "*",
        },
    ],
}

TASK_ROLE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["rds:DescribeDBInstances", "rds:DescribeDBClusters"],
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"],
            "Resource": "*",
        },
    ],
}

TASKS_TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        }
    ],
}
