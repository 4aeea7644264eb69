"""Performs the steps of a plan in AWS."""

from collections.abc import Callable, Mapping
from typing import Any

from rds_enrollment.aws import ecs_writes, iam, insights, logs, security_groups
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.steps import aws as steps
from rds_enrollment.plan.steps import insights as insights_steps
from rds_enrollment.plan.steps import security_groups as group_steps

_WRITES: Mapping[type[steps.AwsStep], Callable[[AwsAccount, Any], None]] = {
    steps.CreateIdentityProvider: iam.create_identity_provider,
    steps.AddClientId: iam.add_client_id,
    steps.UpdateThumbprints: iam.update_thumbprints,
    steps.TagIdentityProvider: iam.tag_identity_provider,
    steps.UntagIdentityProvider: iam.untag_identity_provider,
    steps.UntagRole: iam.untag_role,
    steps.UntagEcsResource: ecs_writes.untag_resource,
    steps.UntagLogGroup: logs.untag_log_group,
    steps.DeleteIdentityProvider: iam.delete_identity_provider,
    steps.CreateRole: iam.create_role,
    steps.PutRolePermissionsBoundary: iam.put_role_permissions_boundary,
    steps.UpdateRoleTrust: iam.update_role_trust,
    steps.TagRole: iam.tag_role,
    steps.PutRolePolicy: iam.put_role_policy,
    steps.DeleteRolePolicy: iam.delete_role_policy,
    steps.DeleteRole: iam.delete_role,
    steps.CreateCluster: ecs_writes.create_cluster,
    steps.PutClusterCapacityProviders: ecs_writes.put_cluster_capacity_providers,
    steps.DeleteCluster: ecs_writes.delete_cluster,
    steps.TagEcsResource: ecs_writes.tag_resource,
    steps.RegisterTaskDefinition: ecs_writes.register_task_definition,
    steps.DeregisterTaskDefinition: ecs_writes.deregister_task_definition,
    steps.DeleteTaskDefinition: ecs_writes.delete_task_definition,
    steps.CreateService: ecs_writes.create_service,
    steps.UpdateService: ecs_writes.update_service,
    steps.DeleteService: ecs_writes.delete_service,
    steps.CreateLogGroup: logs.create_log_group,
    steps.TagLogGroup: logs.tag_log_group,
    steps.PutRetentionPolicy: logs.put_retention_policy,
    steps.DeleteRetentionPolicy: logs.delete_retention_policy,
    steps.AssociateKmsKey: logs.associate_kms_key,
    steps.DisassociateKmsKey: logs.disassociate_kms_key,
    steps.DeleteLogGroup: logs.delete_log_group,
    group_steps.CreateSecurityGroup: security_groups.create_group,
    group_steps.TagSecurityGroup: security_groups.tag_group,
    group_steps.UntagSecurityGroup: security_groups.untag,
    group_steps.AuthorizeSecurityGroupEgress: security_groups.authorize_egress,
    group_steps.AuthorizeSecurityGroupIngress: security_groups.authorize_ingress,
    group_steps.RevokeSecurityGroupIngress: security_groups.revoke_ingress,
    group_steps.DeleteSecurityGroup: security_groups.delete_group,
    insights_steps.CreateNetworkInsightsPath: insights.create_path,
    insights_steps.StartNetworkInsightsAnalysis: insights.start_analysis,
    insights_steps.DeleteNetworkInsightsAnalysis: insights.delete_analysis,
    insights_steps.DeleteNetworkInsightsPath: insights.delete_path,
}


def apply(account: AwsAccount, step: steps.AwsStep) -> None:
    """Performs one step: one write, returned from when AWS has taken it.

    Raises:
        Conflict: what is to be created exists, or what is to be changed is gone: observe again.
        Waiting: AWS is not ready for it yet.
        Outcome: any other refusal or failure. Deleting what is gone is success.
    """
    _WRITES[type(step)](account, step)
