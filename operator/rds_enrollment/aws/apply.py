"""Performs the steps of a plan in AWS."""

from collections.abc import Callable, Mapping
from typing import Any

from rds_enrollment.aws import ecs_writes, iam, insights, logs, security_groups
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.steps import ecs as ecs_steps
from rds_enrollment.plan.steps import iam as iam_steps
from rds_enrollment.plan.steps import insights as insights_steps
from rds_enrollment.plan.steps import logs as log_steps
from rds_enrollment.plan.steps import security_groups as group_steps
from rds_enrollment.plan.steps.aws import AwsStep

_WRITES: Mapping[type[AwsStep], Callable[[AwsAccount, Any], None]] = {
    iam_steps.CreateIdentityProvider: iam.create_identity_provider,
    iam_steps.AddClientId: iam.add_client_id,
    iam_steps.UpdateThumbprints: iam.update_thumbprints,
    iam_steps.TagIdentityProvider: iam.tag_identity_provider,
    iam_steps.UntagIdentityProvider: iam.untag_identity_provider,
    iam_steps.UntagRole: iam.untag_role,
    ecs_steps.UntagEcsResource: ecs_writes.untag_resource,
    log_steps.UntagLogGroup: logs.untag_log_group,
    iam_steps.DeleteIdentityProvider: iam.delete_identity_provider,
    iam_steps.CreateRole: iam.create_role,
    iam_steps.PutRolePermissionsBoundary: iam.put_role_permissions_boundary,
    iam_steps.UpdateRoleTrust: iam.update_role_trust,
    iam_steps.TagRole: iam.tag_role,
    iam_steps.PutRolePolicy: iam.put_role_policy,
    iam_steps.DeleteRolePolicy: iam.delete_role_policy,
    iam_steps.DeleteRole: iam.delete_role,
    ecs_steps.CreateCluster: ecs_writes.create_cluster,
    ecs_steps.PutClusterCapacityProviders: ecs_writes.put_cluster_capacity_providers,
    ecs_steps.DeleteCluster: ecs_writes.delete_cluster,
    ecs_steps.TagEcsResource: ecs_writes.tag_resource,
    ecs_steps.RegisterTaskDefinition: ecs_writes.register_task_definition,
    ecs_steps.DeregisterTaskDefinition: ecs_writes.deregister_task_definition,
    ecs_steps.DeleteTaskDefinition: ecs_writes.delete_task_definition,
    ecs_steps.CreateService: ecs_writes.create_service,
    ecs_steps.UpdateService: ecs_writes.update_service,
    ecs_steps.DeleteService: ecs_writes.delete_service,
    log_steps.CreateLogGroup: logs.create_log_group,
    log_steps.TagLogGroup: logs.tag_log_group,
    log_steps.PutRetentionPolicy: logs.put_retention_policy,
    log_steps.DeleteRetentionPolicy: logs.delete_retention_policy,
    log_steps.AssociateKmsKey: logs.associate_kms_key,
    log_steps.DisassociateKmsKey: logs.disassociate_kms_key,
    log_steps.DeleteLogGroup: logs.delete_log_group,
    group_steps.CreateSecurityGroup: security_groups.create_group,
    group_steps.TagSecurityGroup: security_groups.tag,
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


def apply(account: AwsAccount, step: AwsStep) -> None:
    """Performs one step: one write, returned from when AWS has taken it.

    Raises:
        Conflict: what is to be created exists, or what is to be changed is gone: observe again.
        Waiting: AWS is not ready for it yet.
        Outcome: any other refusal or failure. Deleting what is gone is success.
    """
    _WRITES[type(step)](account, step)
