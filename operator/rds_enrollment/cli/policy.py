"""`rds-enrollment policy`."""

import json
from typing import TYPE_CHECKING

import click

from rds_enrollment.cli.output import Form, output_flag, print_data, print_text
from rds_enrollment.runtime.fatal import FatalError

if TYPE_CHECKING:
    from rds_enrollment.cli.permissions import Identity, Permissions


@click.command("policy")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    required=True,
    metavar="PATH",
    help="File or folder with manifests, or - for standard input; may be repeated.",
)
@click.option(
    "--teleport-cluster",
    required=True,
    help="Name of the Teleport cluster, such as example.teleport.sh: names in AWS begin with it.",
)
@click.option(
    "--teleport-proxy",
    help="Public address of the proxy, as host or host:port, where it is not the name of the cluster.",
)
@click.option("--owner-id", help="The operator's --owner-id (default: any).")
@click.option(
    "--operator-role-arn",
    default="OPERATOR-ROLE-ARN",
    help="ARN of the operator's own role, for the trust policies of roles that it assumes.",
)
@output_flag
def command(
    paths: tuple[str, ...],
    teleport_cluster: str,
    teleport_proxy: str | None,
    owner_id: str | None,
    operator_role_arn: str,
    output: Form,
) -> None:
    """Print the IAM policies that manifests need, the trust of their roles, and the operator's role in Teleport.

    Nothing but the files is read: neither Kubernetes, nor AWS, nor Teleport. While a name changes, pass the manifests
    of before and after together: what had the former name has to be deleted.
    """
    from rds_enrollment.cli.manifests import read_manifests, resources
    from rds_enrollment.cli.permissions import permissions

    try:
        found = permissions(
            resources(read_manifests(paths)),
            teleport_cluster=teleport_cluster,
            proxy=teleport_proxy or teleport_cluster,
            owner_id=owner_id or "*",
            operator_role=operator_role_arn,
        )
    except LookupError as error:
        raise FatalError(str(error.args[0])) from error
    if output == "table":
        print_text(_text(found))
    else:
        print_data(found, output)


def _text(found: "Permissions") -> str:
    """Each document under a line that says whose it is."""
    parts = [
        part
        for identity in found.identities
        for part in (
            *_policies(identity),
            _titled(
                f"Policy of {identity.identity} for AWS's Reachability Analyzer (spec.diagnostics), in account "
                f"{identity.account_id}",
                identity.analyzer_policy,
            ),
            _titled(f"Trust policy of {identity.identity}", identity.trust),
        )
    ]
    for role in found.roles:
        kept = "made and kept by the operator" if role.managed else "observed: for its owner to set up"
        parts.append(_titled(f"Trust policy of {role.arn} ({kept})", role.trust))
        parts += [
            _titled(f"Policy {name} of {role.arn}", document) for name, document in role.policies.items()
        ]
    parts.append(f"# Role of the operator in Teleport, for tctl create\n{found.teleport_role.rstrip()}")
    return "\n\n".join(filter(None, parts))


def _policies(identity: "Identity") -> list[str]:
    whose, number = f"of {identity.identity}, in account {identity.account_id}", len(identity.policies)
    return [
        _titled(f"Policy {f'{index} of {number} ' if number > 1 else ''}{whose}", document)
        for index, document in enumerate(identity.policies, 1)
    ]


def _titled(title: str, document: object) -> str:
    return f"# {title}\n{json.dumps(document, indent=2)}" if document else ""
