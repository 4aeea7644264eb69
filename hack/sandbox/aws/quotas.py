"""moto's Service Quotas with the one quota of Fargate that moto lacks.

Source: AWS General Reference, "Amazon ECS endpoints and quotas"; Service Quotas API Reference, GetServiceQuota.
"""

from typing import Any

import moto.servicequotas.urls
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends

FARGATE = "fargate"
ON_DEMAND_VCPUS = "L-3032A538"
USUAL_VCPUS = 500.0
"""What an account in use has been given."""


class SimulatedQuotasBackend(ServiceQuotasBackend):
    """One account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.fargate_vcpus = USUAL_VCPUS

    @property
    def _url_module(self) -> Any:
        # moto derives it from the module of the class, which is not moto's here.
        return moto.servicequotas.urls

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, Any]:
        if (service_code, quota_code) != (FARGATE, ON_DEMAND_VCPUS):
            return super().get_service_quota(service_code, quota_code)
        return {
            "ServiceCode": FARGATE,
            "ServiceName": "AWS Fargate",
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:{FARGATE}/{ON_DEMAND_VCPUS}",
            "QuotaCode": ON_DEMAND_VCPUS,
            "QuotaName": "Fargate On-Demand vCPU resource count",
            "Value": self.fargate_vcpus,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }


def set_fargate_vcpus(account: str, region: str, value: float) -> None:
    """What AWS grants to one account and region. Called under the world's lock."""
    backend: Any = servicequotas_backends[account][region]
    backend.fargate_vcpus = value
