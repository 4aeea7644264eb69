"""What all steps in AWS have in common."""

from dataclasses import dataclass

from rds_enrollment.plan.steps.base import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsStep(Step):
    """A write to AWS. `region` is empty for IAM, which is global within its partition."""

    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntagStep(AwsStep):
    """Takes tags off a resource; `resource` is its ARN, of a role its name."""

    resource: str
    keys: tuple[str, ...]

    @property
    def target(self) -> str:
        return f"tags {', '.join(self.keys)} of {self.resource}"
