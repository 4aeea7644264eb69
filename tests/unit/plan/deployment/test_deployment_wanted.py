"""What a deployment should look like: role, token, tags and task definition."""

from dataclasses import replace

from rds_enrollment.plan.deployment.roles import target_roles
from rds_enrollment.plan.deployment.wanted import wanted_task_definition, wanted_token
from rds_enrollment.plan.observed.teleport import JoinRule

from tests.unit.plan.deployment.build import FAMILY, MARK, ROLE, ROLE_ARN, ROLE_SEEN, TELEPORT_TAGS, WANTED


def test_names_follow_from_cluster_and_vpc() -> None:
    assert WANTED.cluster_name == "example_teleport_sh-teleport"
    assert WANTED.service_name == "database-service-vpc-0123456789abcdef0"
    assert WANTED.family == FAMILY
    assert WANTED.join_token == "rds-enrollment-123456789012-us-west-1-vpc-0123456789abcdef0"


def test_tags_of_its_own_and_of_what_is_shared() -> None:
    wanted = replace(WANTED, user_tags={"team": "data"})
    assert wanted.tags == {
        "team": "data",
        "teleport.dev/cluster": "example.teleport.sh",
        "teleport.dev/origin": "integration_awsoidc",
        "teleport.dev/integration": "prod-aws",
        "rds-enrollment.dev/owner": "cluster-a/dbsvc/teleport/main",
    }
    assert wanted.shared_tags == {**wanted.tags, "rds-enrollment.dev/owner": "cluster-a"}


def test_no_users_tag_takes_the_place_of_a_mark() -> None:
    forged = dict.fromkeys([*TELEPORT_TAGS, "rds-enrollment.dev/owner"], "forged")
    assert replace(WANTED, user_tags=forged).tags == WANTED.tags
    assert replace(WANTED, user_tags=forged).shared_tags == WANTED.shared_tags


def test_the_task_role() -> None:
    (role,) = target_roles(WANTED)
    assert (role.name, role.mark) == (ROLE, MARK)
    assert role.description == "Used by Teleport Database Service deployed in Amazon ECS."
    assert role.trust == ROLE_SEEN.trust
    assert role.policies == ROLE_SEEN.policies
    assert role.tags == WANTED.tags


def test_the_join_token_admits_the_role_and_nobody_else() -> None:
    token = wanted_token(WANTED)
    assert token.name == "rds-enrollment-123456789012-us-west-1-vpc-0123456789abcdef0"
    assert token.join_method == "iam"
    assert token.roles == {"Db"}
    rule = JoinRule(account="123456789012", arn=f"arn:aws:sts::123456789012:assumed-role/{ROLE}/*")
    assert token.rules == {rule}
    assert token.labels == {"rds-enrollment.dev/owner": MARK}


def test_the_task_definition_of_a_version() -> None:
    body = wanted_task_definition(WANTED, "18.0.0", (ROLE_ARN, ROLE_ARN))
    assert body["family"] == FAMILY
    assert body["taskRoleArn"] == body["executionRoleArn"] == ROLE_ARN
    assert body["containerDefinitions"][0]["image"].endswith("/teleport-distroless:18.0.0")
    enterprise = replace(WANTED, scope=replace(WANTED.scope, enterprise=True))
    image = wanted_task_definition(enterprise, "18.0.0", (ROLE_ARN, ROLE_ARN))["containerDefinitions"][0][
        "image"
    ]
    assert image == "public.ecr.aws/gravitational/teleport-ent-distroless:18.0.0"
