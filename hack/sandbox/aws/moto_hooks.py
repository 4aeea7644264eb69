"""Puts our backends and responses where moto looks for its own, and takes them out again.

moto has no plugin registry. Two plain attributes decide: `BackendDict.backend` is the class built for each
account and region, and `url_paths` of a service names the response class that the Flask app routes to.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import moto.ec2.urls
import moto.ecs.urls
import moto.iam.urls
import moto.logs.urls
import moto.rds.urls
import moto.servicequotas.urls
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.iam.models import iam_backends
from moto.logs.models import LogsBackend, logs_backends
from moto.rds.models import rds_backends
from moto.servicequotas.models import servicequotas_backends
from moto.servicequotas.responses import ServiceQuotasResponse

from hack.sandbox.aws.ec2 import SimulatedEc2Backend, SimulatedEc2Response
from hack.sandbox.aws.ecs.backend import SimulatedEcsBackend
from hack.sandbox.aws.ecs.responses import SimulatedEcsResponse
from hack.sandbox.aws.iam import SimulatedIamBackend, SimulatedIamResponse
from hack.sandbox.aws.logs import SimulatedLogsResponse
from hack.sandbox.aws.quotas import SimulatedQuotasBackend
from hack.sandbox.aws.rds import SimulatedRdsBackend, SimulatedRdsResponse

_PATHS = ("{0}/$", "{0}/")
"""How moto writes the one path of a service that has no other."""
_MACHINE_IMAGES = "MOTO_EC2_LOAD_DEFAULT_AMIS"  # over a thousand AMIs a region: half a second each time


@dataclass(frozen=True)
class _Hook:
    backends: Any
    backend: type
    url_paths: dict[str, Any]
    dispatch: Callable[..., Any]


def _hooks() -> list[_Hook]:
    return [
        _Hook(
            ec2_backends,
            SimulatedEc2Backend,
            _single_path(moto.ec2.urls.url_paths),
            SimulatedEc2Response.dispatch,
        ),
        _Hook(
            ecs_backends,
            SimulatedEcsBackend,
            _single_path(moto.ecs.urls.url_paths),
            SimulatedEcsResponse.dispatch,
        ),
        _Hook(
            rds_backends,
            SimulatedRdsBackend,
            _single_path(moto.rds.urls.url_paths),
            SimulatedRdsResponse.dispatch,
        ),
        _Hook(
            iam_backends,
            SimulatedIamBackend,
            _single_path(moto.iam.urls.url_paths),
            SimulatedIamResponse.dispatch,
        ),
        _Hook(
            logs_backends,
            LogsBackend,
            _single_path(moto.logs.urls.url_paths),
            SimulatedLogsResponse.dispatch,
        ),
        _Hook(
            servicequotas_backends,
            SimulatedQuotasBackend,
            _single_path(moto.servicequotas.urls.url_paths),
            ServiceQuotasResponse.dispatch,
        ),
    ]


def _single_path(paths: dict[str, Any]) -> dict[str, Any]:
    if len(paths) != 1 or not paths.keys() <= set(_PATHS):
        raise RuntimeError(
            f"moto routes {list(paths)}, not one of {_PATHS}: another version than the pinned one?"
        )
    return paths


def install() -> Callable[[], None]:
    """Hooks in, with an empty world. The result undoes it, and empties the world again."""
    empty_world()
    machine_images = os.environ.get(_MACHINE_IMAGES)
    os.environ[_MACHINE_IMAGES] = "false"
    saved = [(hook, hook.backends.backend, dict(hook.url_paths)) for hook in _hooks()]
    for hook, _, paths in saved:
        hook.backends.backend = hook.backend
        hook.url_paths.update(dict.fromkeys(paths, hook.dispatch))

    def uninstall() -> None:
        for hook, backend, paths in saved:
            hook.backends.backend = backend
            hook.url_paths.update(paths)
        if machine_images is None:
            del os.environ[_MACHINE_IMAGES]
        else:
            os.environ[_MACHINE_IMAGES] = machine_images
        empty_world()

    return uninstall


def empty_world() -> None:
    """Forgets every backend. moto's own reset would first rebuild each of them, default VPCs included."""
    in_use: list[Any] = BackendDict._instances  # type: ignore[misc]
    for backends in in_use:
        backends.clear()
    in_use.clear()
    reset_model_data()
