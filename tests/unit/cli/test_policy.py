"""`rds-enrollment policy`: scoped by what manifests name, and readable without anything but files."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from rds_enrollment.cli import main
from rds_enrollment.plan.permissions.evaluation import Grant, allows

ACCOUNT, REGION, VPC = "123456789012", "us-west-1", "vpc-0123456789abcdef0"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
ASSUMED = "arn:aws:iam::210987654321:role/operator"
CLUSTER = ("--teleport-cluster", "example.teleport.sh")


def manifest(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "rds-enrollment.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "teleport"},
        "spec": spec,
    }


INTEGRATION = manifest("AwsOidcIntegration", "prod-aws", accountId=ACCOUNT, role={"name": "teleport"})


def deployment(**spec: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "integrationRef": {"name": "prod-aws"},
        "region": REGION,
        "vpcId": VPC,
        "subnets": {"ids": ["subnet-0aaaaaaaaaaaaaaaa"]},
        "securityGroups": {"ids": ["sg-0cccccccccccccccc"]},
    }
    return manifest("DatabaseServiceDeployment", "main", **{**chosen, **spec})


def enrollment(databases: dict[str, Any], **template: Any) -> dict[str, Any]:
    chosen = {"subnets": {"selector": {"tags": {"a": "b"}}}, "securityGroups": {"managed": {}}, **template}
    return manifest(
        "RdsEnrollment",
        "prod",
        integrationRef={"name": "prod-aws"},
        regions=[REGION, "eu-central-1"],
        databases=databases,
        deployment=chosen,
    )


class Command:
    """Runs `rds-enrollment policy` over manifests."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def run(self, *manifests: dict[str, Any], form: str = "json") -> tuple[int, str, str]:
        (self._folder / "all.yaml").write_text(yaml.safe_dump_all(manifests))
        with pytest.raises(SystemExit) as ended:
            main(["policy", "-f", str(self._folder), *CLUSTER, "--output", form])
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out, err

    def found(self, *manifests: dict[str, Any]) -> dict[str, Any]:
        code, out, err = self.run(*manifests)
        assert (code, err) == (0, "")
        result: dict[str, Any] = json.loads(out)
        return result

    def statements(self, *manifests: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Of the first identity, by their Sid."""
        policies = self.found(*manifests)["identities"][0]["policies"]
        return {statement["Sid"]: statement for policy in policies for statement in policy["Statement"]}


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_everything_is_scoped_by_name_and_region(command: Command) -> None:
    found = command.statements(INTEGRATION, deployment())
    role = f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess-{VPC}"
    ecs = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    assert found["ManagedRoles"]["Resource"] == [role, f"arn:aws:iam::{ACCOUNT}:role/teleport"]
    assert found["RolesOfTasks"] == {
        "Sid": "RolesOfTasks",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [role],
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    assert found["Services"]["Resource"] == [
        f"{ecs}:service/example_teleport_sh-teleport/database-service-{VPC}"
    ]
    assert found["InTheRegions"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": [REGION]}}
    anywhere = {sid for sid, statement in found.items() if statement["Resource"] == ["*"]}
    assert anywhere == {"Anything", "InTheRegions", "InTheClusters"}
    assert found["Anything"]["Action"] == ["iam:ListRoles", "sts:GetCallerIdentity"]


def test_what_manifests_do_not_ask_for_is_not_allowed(command: Command) -> None:
    usual = command.statements(INTEGRATION, deployment()).values()
    assert not {action for statement in usual for action in statement["Action"]} & {
        "ec2:CreateSecurityGroup",
        "logs:CreateLogGroup",
        "iam:ListAttachedRolePolicies",
        "sts:AssumeRole",
    }
    asked = {
        "securityGroups": {"managed": {}},
        "logs": {"retentionDays": 30},
        "executionRole": {"name": "starts", "managementPolicy": "Observe"},
    }
    found = command.statements(INTEGRATION, deployment(**asked))
    assert found["LogGroups"]["Resource"][0].endswith(f":log-group:ecs-example_teleport_sh-teleport/{VPC}")
    assert found["Vpcs"]["Resource"] == [f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{VPC}"]
    assert found["OwnSecurityGroups"]["Condition"] == {
        "StringLike": {"aws:ResourceTag/rds-enrollment.dev/owner": ["*/dbsvc/teleport/*"]}
    }
    assert f"arn:aws:iam::{ACCOUNT}:role/*/starts" in found["ObservedRoles"]["Resource"]
    assert f"arn:aws:iam::{ACCOUNT}:role/starts" not in found["ManagedRoles"]["Resource"]


def test_a_boundary_must_be_on_the_roles_that_are_made_with_it(command: Command) -> None:
    found = command.statements(
        INTEGRATION, deployment(taskRole={"path": "/t/", "permissionsBoundary": BOUNDARY})
    )
    bounded = next(it for sid, it in found.items() if sid.startswith("NewRoles") and "Condition" in it)
    assert bounded["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    assert bounded["Resource"] == [f"arn:aws:iam::{ACCOUNT}:role/t/TeleportDatabaseAccess-{VPC}"]
    # A role that does not exist has no path yet.
    assert f"arn:aws:iam::{ACCOUNT}:role/TeleportDatabaseAccess-{VPC}" in found["Roles"]["Resource"]


def test_what_an_object_was_and_what_it_is_to_be_may_come_together(command: Command) -> None:
    later = {**INTEGRATION, "spec": {**INTEGRATION["spec"], "role": {"name": "moved"}}}
    found = command.statements(INTEGRATION, later, deployment())["ManagedRoles"]["Resource"]
    assert {f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("teleport", "moved")} <= set(found)


def test_rules_that_were_left_behind_may_be_taken_over_by_their_tags_alone(command: Command) -> None:
    opening = {"databaseAccess": "Manage", "adoptionPolicy": "Always"}
    adopted = command.statements(INTEGRATION, deployment(**opening))["AdoptedSecurityGroups"]
    assert adopted["Resource"] == [f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group-rule/*"]
    assert adopted["Condition"] == {
        "StringEquals": {"aws:ResourceTag/teleport.dev/cluster": "example.teleport.sh"}
    }
    assert "AdoptedSecurityGroups" not in command.statements(INTEGRATION, deployment(databaseAccess="Manage"))


@pytest.mark.parametrize(
    ("databases", "vpcs"), [({"all": {}}, ["vpc-*"]), ({"selector": {"vpcIds": [VPC]}}, [VPC])]
)
def test_an_enrolments_vpcs_are_those_that_it_names(
    command: Command, databases: dict[str, Any], vpcs: list[str]
) -> None:
    template = {"perVpc": [{"vpcId": "vpc-0fedcba9876543210", "taskRole": {"name": "special"}}]}
    found = command.statements(INTEGRATION, enrollment(databases, **template))
    named = {arn.rpartition("/")[2] for arn in found["Services"]["Resource"]}
    assert named == {f"database-service-{vpc}" for vpc in (*vpcs, "vpc-0fedcba9876543210")}
    assert {arn.split(":")[3] for arn in found["Services"]["Resource"]} == {REGION, "eu-central-1"}
    roles = {arn.rpartition("/")[2] for arn in found["RolesOfTasks"]["Resource"]}
    assert roles == {"special", *(f"TeleportDatabaseAccess-{vpc}" for vpc in vpcs)}


def test_what_the_analyzer_needs_is_apart_and_there_only_for_who_asks_it(command: Command) -> None:
    (quiet,) = command.found(INTEGRATION, deployment())["identities"]
    assert quiet["analyzer_policy"] is None
    (asking,) = command.found(
        INTEGRATION, enrollment({"all": {}}, diagnostics={"reachabilityAnalyzer": "OnFailure"})
    )["identities"]
    document = asking["analyzer_policy"]
    found = {statement["Sid"]: statement for statement in document["Statement"]}
    assert "tiros:CreateQuery" in found["ReachabilityAnalyzer"]["Action"]
    assert found["OwnNetworkInsights"]["Condition"] == {
        "StringLike": {"aws:ResourceTag/rds-enrollment.dev/owner": ["*/dbsvc/teleport/*"]}
    }
    assert all(arn.startswith("arn:aws:ec2:") for arn in found["NewNetworkInsights"]["Resource"])
    assert "NetworkInsights" not in json.dumps(asking["policies"])
    _, text, _ = command.run(
        INTEGRATION, deployment(diagnostics={"reachabilityAnalyzer": "OnFailure"}), form="table"
    )
    assert "for AWS's Reachability Analyzer (spec.diagnostics), in account" in text


def test_a_role_that_is_assumed_has_a_policy_and_a_trust_of_its_own(command: Command) -> None:
    other = manifest(
        "AwsOidcIntegration",
        "other",
        accountId="210987654321",
        assumeRoleArn=ASSUMED,
        role={"name": "teleport", "managementPolicy": "Observe"},
    )
    own, assumed = command.found(INTEGRATION, other)["identities"]
    assert allows([*own["policies"]], Grant("sts:AssumeRole", ASSUMED))
    assert not allows([*assumed["policies"]], Grant("sts:AssumeRole", ASSUMED))
    assert assumed["identity"] == ASSUMED
    assert assumed["trust"]["Statement"][0]["Principal"] == {"AWS": "OPERATOR-ROLE-ARN"}
    (only, _) = command.found(other)["identities"]
    assert [statement["Sid"] for statement in only["policies"][0]["Statement"]] == [
        "Anything",
        "AssumedRoles",
    ]


def test_every_role_comes_with_its_trust_and_policies_and_teleports_role_does(command: Command) -> None:
    found = command.found(
        INTEGRATION, deployment(executionRole={"name": "starts", "managementPolicy": "Observe"})
    )
    roles = {role["arn"].rpartition("/")[2]: role for role in found["roles"]}
    assert roles.keys() == {"teleport", f"TeleportDatabaseAccess-{VPC}", "starts"}
    assert [role["managed"] for role in roles.values()] == [True, True, False]
    assert roles["starts"]["trust"]["Statement"][0]["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert "logs:CreateLogStream" in json.dumps(roles["starts"]["policies"])
    assert yaml.safe_load(found["teleport_role"])["kind"] == "role"


def test_regions_tell_the_partition(command: Command) -> None:
    found = command.statements(INTEGRATION, deployment(region="us-gov-west-1"))
    assert found["Tasks"]["Resource"][0].startswith("arn:aws-us-gov:ecs:us-gov-west-1:")


def test_people_get_each_document_under_a_title_and_yaml_says_the_same_as_json(command: Command) -> None:
    code, text, _ = command.run(INTEGRATION, deployment(), form="table")
    assert code == 0
    titles = [line for line in text.splitlines() if line.startswith("# ")]
    assert f"# Policy of the operator's own role, in account {ACCOUNT}" in titles
    assert f"# Trust policy of arn:aws:iam::{ACCOUNT}:role/teleport (made and kept by the operator)" in titles
    assert yaml.safe_load(command.run(INTEGRATION, form="yaml")[1]) == command.found(INTEGRATION)


@pytest.mark.parametrize(
    ("manifests", "said"),
    [
        ((deployment(),), "teleport/main refers to AwsOidcIntegration teleport/prod-aws, which is in none"),
        (({"kind": "Namespace", "apiVersion": "v1"},), "no object of rds-enrollment.dev"),
        (
            (manifest("AwsOidcIntegration", "x", accountId=ACCOUNT),),
            "AwsOidcIntegration x: spec.role: Field required",
        ),
        ((manifest("Nothing", "x"),), "has no kind Nothing"),
    ],
)
def test_what_cannot_be_judged_is_one_line(
    command: Command, manifests: tuple[dict[str, Any], ...], said: str
) -> None:
    code, out, err = command.run(*manifests)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err


def test_a_file_that_is_not_there_or_is_no_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    for path, said in ((broken, "is not YAML"), (tmp_path / "absent.yaml", "cannot be read")):
        with pytest.raises(SystemExit) as ended:
            main(["policy", "-f", str(path), *CLUSTER])
        assert ended.value.code == 1
        assert said in capsys.readouterr().err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump({"kind": "List", "items": [INTEGRATION]})))
    with pytest.raises(SystemExit) as ended:
        main(["policy", "-f", "-", *CLUSTER, "-o", "json"])
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["roles"][0]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/teleport"
