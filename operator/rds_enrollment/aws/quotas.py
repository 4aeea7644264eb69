"""AWS Service Quotas: what a region of an account may run."""

from rds_enrollment.aws.errors import translated
from rds_enrollment.aws.session import AwsAccount
from rds_enrollment.plan.network.checks import FARGATE_VCPUS


def fargate_vcpus(account: AwsAccount, region: str) -> float:
    """servicequotas:GetServiceQuota: vCPUs that all Fargate tasks (On-Demand) of the region may have together.

    Raises:
        Outcome: also where the operator has no right to ask, which it does not need.
    """
    with translated("servicequotas:GetServiceQuota", f"Fargate's vCPUs in {region}"):
        client = account.client("service-quotas", region)
        answer = client.get_service_quota(ServiceCode="fargate", QuotaCode=FARGATE_VCPUS)
        return float(answer["Quota"]["Value"])
