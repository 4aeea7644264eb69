"""What happens when a deployment fails: it starts nothing more, and the last completed one takes its place.

Source: Amazon ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures": the most recent
deployment in state COMPLETED becomes IN_PROGRESS again, so it cannot be returned to twice; without one, the failed
deployment stalls. Event texts as ECS words them.
"""

from datetime import datetime

from hack.sandbox.aws.ecs.events import add_event
from hack.sandbox.aws.ecs.model import Deployment, Service

FAILED_REASON = "ECS deployment circuit breaker: tasks failed to start."


def trips(service: Service) -> bool:
    """Whether the deployment under way has failed often enough."""
    deployment = service.primary
    breaker = service.circuit_breaker
    return (
        breaker.enable
        and deployment.rollout_state == "IN_PROGRESS"
        and deployment.failed_tasks >= breaker.threshold(service.desired_count)
    )


def fail_deployment(service: Service, now: datetime) -> None:
    """IN_PROGRESS -> FAILED, and back to the last completed deployment when the service asks for it."""
    failed = service.primary
    failed.enter("FAILED", FAILED_REASON, now)
    add_event(service, f"(deployment {failed.id}) deployment failed: tasks failed to start.", now)
    record = service.history.current
    if record is None:
        raise ValueError(f"deployment {failed.id} has no record")
    if not service.circuit_breaker.rollback:
        record.breaker = "TRIGGERED"
        record.stop("Service deployment stopped because the circuit breaker threshold was exceeded.", now)
        return
    candidate = service.last_completed
    revision = service.history.revision_of(candidate.id) if candidate else None
    if candidate is None or revision is None:
        record.fail_to_roll_back(now)
        return
    record.roll_back(revision.arn, now)
    _return_to(service, candidate, failed, now)


def _return_to(service: Service, candidate: Deployment, failed: Deployment, now: datetime) -> None:
    add_event(service, f"rolling back to deployment {candidate.id}.", now)
    failed.status = "ACTIVE"
    candidate.status = "PRIMARY"
    candidate.failed_tasks = 0
    candidate.next_launch_at = None
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {candidate.id}."
    candidate.enter("IN_PROGRESS", reason, now)
    others = [deployment for deployment in service.deployments if deployment is not candidate]
    service.deployments = [candidate, *others]
    service.platform_version = candidate.platform_version
    service.last_completed = None
