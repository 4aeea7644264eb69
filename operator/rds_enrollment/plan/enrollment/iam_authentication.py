"""Whether RDS lets agents log in with IAM."""

from collections.abc import Iterable

from rds_enrollment.api.databases import DatabaseKind
from rds_enrollment.api.reasons import Reason
from rds_enrollment.plan.enrollment.candidates import RdsResource
from rds_enrollment.plan.enrollment.entries import Entry
from rds_enrollment.plan.shell import command_line


def without_iam_authentication(entries: Iterable[Entry]) -> tuple[RdsResource, ...]:
    """RDS resources that refuse IAM logins, and are enrolled or left out for that."""
    resources = {
        entry.candidate.resource
        for entry in entries
        if entry.candidate
        and not entry.candidate.iam_auth
        and (entry.in_teleport or entry.reason is Reason.IAM_AUTHENTICATION_DISABLED)
    }
    return tuple(sorted(resources))


def enabling_command(resource: RdsResource) -> str:
    """The AWS CLI line that switches IAM authentication on (rds modify-db-instance, modify-db-cluster)."""
    noun = "cluster" if resource.kind is DatabaseKind.CLUSTER else "instance"
    return command_line(
        *("aws", "rds", f"modify-db-{noun}", f"--db-{noun}-identifier", resource.identifier),
        *("--enable-iam-database-authentication", "--apply-immediately", "--region", resource.region),
    )
