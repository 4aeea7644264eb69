"""The IAM policies of Teleport's wizard, as the reference has them."""

from tests.cluster.scene import ACCOUNT

LIST_DATABASES = {
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

DEPLOY_SERVICE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            # Differs: the wizard names its one task role; here each VPC has one.
            "Resource": f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess-*",
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

TASK_ROLE = {
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
