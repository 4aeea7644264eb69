"""Each piece of advice on Teleport's page about its RDS enrolment wizard, in our words, and the test of what stands for
it here."""

import ast

import pytest

from tests.docs.blocks import ROOT

HELP = {
    "The ECS cluster is named after the Teleport cluster, the service after the VPC": (
        "tests/unit/plan/test_plan_names.py::test_names_of_what_runs_in_ecs"
    ),
    "Find the ECS service and its tasks in the console": (
        "tests/cluster/test_main_job.py::test_status_of_the_deployment"
    ),
    "Find the agents' logs in CloudWatch": (
        "tests/cluster/test_causes.py::test_the_tasks_that_failed_stay_in_the_status"
    ),
    "The tasks have not started, or do not reach the cluster": (
        "tests/cluster/test_causes.py::test_a_cause_is_named_with_what_to_do"
    ),
    "There are no tasks at all": "tests/unit/plan/deployment/test_deployment_causes.py::test_the_last_cause_is_told",
    "A stopped task says why it stopped": (
        "tests/unit/plan/diagnosis/test_diagnosis_ecs_texts.py::test_a_stopped_task_has_a_cause"
    ),
    "The error appears minutes later, once the task has stopped": (
        "tests/cluster/test_network_troubles.py::test_tasks_that_cannot_pull_their_image"
    ),
    "Mostly the image cannot be pulled, because its registry is not reached": (
        "tests/cluster/test_network_troubles.py::test_tasks_that_cannot_pull_their_image"
    ),
    "Other subnets or security groups are a new rollout, which stops old tasks only after new ones run": (
        "tests/cluster/test_agents_stay.py::test_no_kind_of_change_takes_an_agent_down"
    ),
    "Security groups must let the tasks out; one group's rule is enough": (
        "tests/cluster/test_network_worlds.py::test_the_first_thing_in_the_way_is_named"
    ),
    "Subnets need a route to an internet or a NAT gateway": (
        "tests/cluster/test_network_worlds.py::test_the_first_thing_in_the_way_is_named"
    ),
    "Network ACLs must let the traffic out": (
        "tests/cluster/test_network_worlds.py::test_the_first_thing_in_the_way_is_named"
    ),
    "Tasks start on their own once the registry is reached": (
        "tests/cluster/test_causes.py::test_what_was_mended_in_the_world_is_seen"
    ),
    "A connection to a database times out: its security groups let no agent in": (
        "tests/cluster/test_network_troubles.py::test_database_that_agents_cannot_reach"
    ),
    "Test the connection with a database user and name": (
        "tests/unit/teleport/test_teleport_logins.py::test_a_login_reaches_the_database"
    ),
    "An inbound rule for one of the agents' groups mends that": (
        "tests/cluster/test_network_choices.py::test_databases_let_the_agents_in"
    ),
    "Reachability Analyzer, from the task's interface to the database's, shows what blocks the way": (
        "tests/cluster/test_network_troubles.py::test_database_that_agents_cannot_reach"
    ),
}


@pytest.mark.parametrize("advice", HELP)
def test_advice_has_a_test(advice: str) -> None:
    file, _, name = HELP[advice].partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert name in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
