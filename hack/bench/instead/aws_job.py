"""The AWS part of the job with boto3, one call after the other: each thing is looked for, and made where it lacks."""

import json
from collections.abc import Mapping
from typing import Any

import boto3
from rds_enrollment.plan import names, policies

from hack.bench.wanted import PARTITION, REPLICAS


class AwsJob:
    """The account of boto3's environment, in one region."""

    def __init__(self, region: str) -> None:
        session = boto3.Session(region_name=region)
        self.region = region
        self._iam = session.client("iam")
        self._ec2 = session.client("ec2")
        self._ecs = session.client("ecs")
        self._rds = session.client("rds")
        self.account = str(session.client("sts").get_caller_identity()["Account"])

    def databases(self) -> list[Mapping[str, Any]]:
        """All RDS instances."""
        pages = self._rds.get_paginator("describe_db_instances").paginate()
        return [item for page in pages for item in page["DBInstances"]]

    def ensure_identity_provider(self, issuer: str) -> None:
        """IAM's OIDC provider of a URL."""
        arn = names.identity_provider_arn(PARTITION, self.account, issuer)
        try:
            self._iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except self._iam.exceptions.NoSuchEntityException:
            self._iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[policies.AUDIENCE])

    def ensure_role(self, name: str, trust: object, inline: Mapping[str, object]) -> str:
        """The ARN. To put an inline policy again is the usual way to keep it as it should be."""
        try:
            arn = self._iam.get_role(RoleName=name)["Role"]["Arn"]
        except self._iam.exceptions.NoSuchEntityException:
            document = json.dumps(trust)
            arn = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
            self._iam.get_waiter("role_exists").wait(RoleName=name)
        for policy, statements in inline.items():
            self._iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(statements))
        return arn

    def tagged_subnets(self, vpc: str, tags: Mapping[str, str]) -> list[str]:
        """Ids of those of a VPC that carry all these tags."""
        found = self._ec2.describe_subnets(Filters=_filters(vpc, tags))
        return [item["SubnetId"] for item in found["Subnets"]]

    def tagged_groups(self, vpc: str, tags: Mapping[str, str]) -> list[str]:
        """The same of security groups."""
        found = self._ec2.describe_security_groups(Filters=_filters(vpc, tags))
        return [item["GroupId"] for item in found["SecurityGroups"]]

    def ensure_cluster(self, name: str) -> None:
        """The ECS cluster."""
        found = self._ecs.describe_clusters(clusters=[name])["clusters"]
        if not any(item["status"] == "ACTIVE" for item in found):
            self._ecs.create_cluster(clusterName=name, capacityProviders=["FARGATE"])

    def ensure_task_definition(self, body: Mapping[str, Any]) -> str:
        """The ARN. Registered anew where the image is another one."""
        try:
            found = self._ecs.describe_task_definition(taskDefinition=body["family"])["taskDefinition"]
        except self._ecs.exceptions.ClientException:
            found = {}
        if _images(found) != _images(body):
            found = self._ecs.register_task_definition(**body)["taskDefinition"]
        return found["taskDefinitionArn"]

    def ensure_service(
        self, cluster: str, name: str, task: str, subnets: list[str], groups: list[str]
    ) -> None:
        """The ECS service, with this task definition."""
        found = self._ecs.describe_services(cluster=cluster, services=[name])["services"]
        live = [item for item in found if item["status"] == "ACTIVE"]
        if live and live[0]["taskDefinition"] != task:
            self._ecs.update_service(cluster=cluster, service=name, taskDefinition=task)
        elif not live:
            self._ecs.create_service(
                cluster=cluster,
                serviceName=name,
                launchType="FARGATE",
                desiredCount=REPLICAS,
                taskDefinition=task,
                networkConfiguration={
                    "awsvpcConfiguration": {
                        "subnets": subnets,
                        "securityGroups": groups,
                        "assignPublicIp": "DISABLED",
                    }
                },
            )

    def running(self, cluster: str, service: str) -> int:
        """Tasks that run."""
        found = self._ecs.describe_services(cluster=cluster, services=[service])["services"]
        return sum(item["runningCount"] for item in found)

    def wait_stable(self, cluster: str, service: str) -> None:
        """boto3's waiter, which looks every 15 seconds."""
        self._ecs.get_waiter("services_stable").wait(cluster=cluster, services=[service])


def _filters(vpc: str, tags: Mapping[str, str]) -> list[Any]:
    wanted = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
    return [{"Name": "vpc-id", "Values": [vpc]}, *wanted]


def _images(definition: Mapping[str, Any]) -> list[str]:
    return [item["image"] for item in definition.get("containerDefinitions", ())]
