"""The ECS operations about service deployments and revisions, which moto has not.

Source: Amazon ECS API Reference, ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions,
StopServiceDeployment.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult

from hack.sandbox.aws.ecs.errors import client_error, invalid_parameter, service_not_found
from hack.sandbox.aws.ecs.history import ServiceDeployment
from hack.sandbox.aws.ecs.model import Service
from hack.sandbox.aws.ecs.render_history import render_brief, render_revision, render_service_deployment
from hack.sandbox.aws.paging import page

if TYPE_CHECKING:
    from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend

LIST_DEFAULT = 20
DESCRIBE_LIMIT = 20

Found = tuple[Service, Any]


class HistoryResponse:
    """Mixed into the ECS response."""

    if TYPE_CHECKING:
        params: dict[str, Any]

        @property
        def ecs_backend(self) -> "SimulatedEcsBackend": ...

    def list_service_deployments(self) -> ActionResult:
        backend = self.ecs_backend
        cluster = backend.active_cluster(self.params.get("cluster", "default"))
        service = backend.service_api.find(cluster.name, self.params["service"])
        if service is None:
            raise service_not_found()
        found, token = page(
            [each for each in service.history.deployments if self._selects(each)],
            lambda deployment: f"{deployment.created_at.isoformat()} {deployment.arn}",
            int(self.params.get("maxResults") or LIST_DEFAULT),
            self.params.get("nextToken"),
            invalid_parameter,
            descending=True,
        )
        shown = {"serviceDeployments": [render_brief(service, deployment) for deployment in found]}
        return ActionResult({**shown, "nextToken": token} if token else shown)

    def describe_service_deployments(self) -> ActionResult:
        backend = self.ecs_backend
        by_arn = {d.arn: (s, d) for s in backend.scheduler.services.values() for d in s.history.deployments}

        def render(service: Service, deployment: Any) -> dict[str, Any]:
            return render_service_deployment(service, deployment, backend.scheduler.alive(service))

        return self._described("serviceDeployments", self.params["serviceDeploymentArns"], by_arn, render)

    def describe_service_revisions(self) -> ActionResult:
        backend = self.ecs_backend
        by_arn = {r.arn: (s, r) for s in backend.scheduler.services.values() for r in s.history.revisions}
        arns = self.params["serviceRevisionArns"]
        return self._described("serviceRevisions", arns, by_arn, render_revision)

    def stop_service_deployment(self) -> ActionResult:
        raise client_error("This sandbox does not simulate StopServiceDeployment.")

    def _described(
        self,
        key: str,
        arns: Sequence[str],
        by_arn: dict[str, Found],
        render: Callable[[Service, Any], dict[str, Any]],
    ) -> ActionResult:
        if not arns or len(arns) > DESCRIBE_LIMIT:
            raise invalid_parameter(f"Between 1 and {DESCRIBE_LIMIT} {key} can be described.")
        missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in by_arn]
        found = [render(*by_arn[arn]) for arn in arns if arn in by_arn]
        return ActionResult({key: found, "failures": missing})

    def _selects(self, deployment: ServiceDeployment) -> bool:
        statuses = self.params.get("status") or [deployment.status]
        created = self.params.get("createdAt") or {}
        after, before = (_moment(created.get(name)) for name in ("after", "before"))
        return (
            deployment.status in statuses
            and (after is None or deployment.created_at > after)
            and (before is None or deployment.created_at < before)
        )


def _moment(given: Any) -> datetime | None:
    """A timestamp of a request: seconds since 1970, or what moto has made of them."""
    if given is None:
        return None
    moment = given if isinstance(given, datetime) else datetime.fromtimestamp(float(given), UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
