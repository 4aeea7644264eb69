"""What happens to an enrolment in the course of its life, one after another: each of these follows `CREATE`."""

from typing import Any

from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT, KINDS, RDS_ENROLLMENT

from tests.chaos.stage import Stage
from tests.chaos.workloads import Workload, aliases_of, all_true
from tests.cluster.kubernetes_api import Object

NEW_VERSION = "18.6.5"
_ENROLLMENT = "prod"
_ADDED = "added"
_ROLE = "agents"
_PUBLIC = {"selector": {"tags": {"tier": "public"}}}
_REPLICAS = 3

_all_true = all_true(3)


def _deployment(stage: Stage) -> Object:
    [found] = stage.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
    return found


def _change_template(stage: Stage, **fields: Any) -> None:
    stage.namespace.patch(RDS_ENROLLMENT, _ENROLLMENT, {"spec": {"deployment": fields}})


def _reconcile(stage: Stage, obj: Object, token: str) -> None:
    stage.namespace.request_reconcile(KINDS[obj["kind"]], obj["metadata"]["name"], token)


def _add_database(stage: Stage) -> None:
    stage.mask.learn(aliases_of(stage.world.seed_instance(stage.demo.vpc, _ADDED)))
    _reconcile(stage, stage.namespace.get(RDS_ENROLLMENT, _ENROLLMENT), _ADDED)


def _is_added(stage: Stage) -> bool:
    status = stage.namespace.get(RDS_ENROLLMENT, _ENROLLMENT)["status"]
    return status["enrolled"] == 4 and _all_true(stage)


def _change_network(stage: Stage) -> None:
    _change_template(stage, subnets=_PUBLIC)


def _is_network_changed(stage: Stage) -> bool:
    return _deployment(stage)["spec"]["subnets"] == _PUBLIC and _all_true(stage)


def _upgrade(stage: Stage) -> None:
    stage.teleport.stop()
    stage.teleport.version = NEW_VERSION
    stage.teleport.start()
    _reconcile(stage, _deployment(stage), NEW_VERSION)


def _is_upgraded(stage: Stage) -> bool:
    return _deployment(stage)["status"].get("agentVersion") == NEW_VERSION and _all_true(stage)


def _move_role(stage: Stage) -> None:
    _change_template(stage, perVpc=[{"vpcId": stage.demo.vpc.id, "taskRole": {"name": _ROLE}}])


def _is_role_moved(stage: Stage) -> bool:
    status = _deployment(stage)["status"]
    moved = str(status.get("taskRoleArn")).endswith(f"/{_ROLE}") and not status.get("formerRoleArns")
    return moved and _all_true(stage)


def _scale(stage: Stage) -> None:
    name = _deployment(stage)["metadata"]["name"]
    stage.namespace.patch(DATABASE_SERVICE_DEPLOYMENT, name, {"spec": {"replicas": _REPLICAS}})


def _is_scaled(stage: Stage) -> bool:
    return _deployment(stage)["status"].get("connectedReplicas") == _REPLICAS and _all_true(stage)


def _delete(stage: Stage) -> None:
    for obj in stage.namespace.objects():
        stage.namespace.delete(KINDS[obj["kind"]], obj["metadata"]["name"])


def _is_gone(stage: Stage) -> bool:
    return not stage.namespace.objects()


CHANGES = (
    Workload("add-database", _add_database, _is_added),
    Workload("change-network", _change_network, _is_network_changed),
    Workload("upgrade", _upgrade, _is_upgraded),
    Workload("move-role", _move_role, _is_role_moved),
    Workload("scale", _scale, _is_scaled),
    Workload("delete", _delete, _is_gone, ends_ready=False),
)
