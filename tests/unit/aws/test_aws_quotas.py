import pytest
from rds_enrollment.api.reasons import Reason
from rds_enrollment.aws.quotas import fargate_vcpus
from rds_enrollment.aws.session import AwsAccount, AwsClients
from rds_enrollment.plan.outcome import Blocked

from hack.sandbox.aws.server import AwsSandbox
from tests.unit.aws.conftest import REGION
from tests.unit.aws.stub import Refusal, StubAws


def test_the_quota_is_that_of_the_region(account: AwsAccount, sandbox: AwsSandbox) -> None:
    sandbox.set_fargate_vcpus(REGION, 6)
    sandbox.set_fargate_vcpus("eu-central-1", 0)

    assert (fargate_vcpus(account, REGION), fargate_vcpus(account, "eu-central-1")) == (6.0, 0.0)


@pytest.mark.usefixtures("static_credentials")
def test_a_denial_is_an_outcome_like_any_other(stub: StubAws) -> None:
    stub.answer = Refusal("AccessDeniedException")

    with pytest.raises(Blocked) as denied:
        fargate_vcpus(AwsClients().own(), REGION)

    assert denied.value.reason is Reason.ACCESS_DENIED
    assert "servicequotas:GetServiceQuota" in denied.value.message
