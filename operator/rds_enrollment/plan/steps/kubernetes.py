"""Writes to Kubernetes that a plan names: only the deployments that an enrolment generates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from rds_enrollment.plan.steps.base import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesStep(Step):
    """A write to the API server."""

    independent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyDeployment(KubernetesStep):
    """Server-side apply of a DatabaseServiceDeployment: exactly the fields in `manifest`."""

    namespace: str
    deployment: str
    manifest: Mapping[str, Any]

    @property
    def target(self) -> str:
        return f"DatabaseServiceDeployment {self.namespace}/{self.deployment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDeployment(KubernetesStep):
    """Deletion of a generated DatabaseServiceDeployment, guarded by its UID."""

    namespace: str
    deployment: str
    uid: str

    @property
    def target(self) -> str:
        return f"DatabaseServiceDeployment {self.namespace}/{self.deployment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeploymentOwners(KubernetesStep):
    """Replaces `metadata.ownerReferences` (JSON patch), guarded by the resourceVersion that was read.

    Not by server-side apply: all enrolments share one field manager, whose apply drops what it leaves out.
    """

    namespace: str
    deployment: str
    resource_version: str
    owners: tuple[Mapping[str, Any], ...]

    @property
    def target(self) -> str:
        return f"owners of DatabaseServiceDeployment {self.namespace}/{self.deployment}"
