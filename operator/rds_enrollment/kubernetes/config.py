"""Where the API server is and who we are, by the rules that kubectl and client-go follow."""

import os
from pathlib import Path

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import (
    ConfigException,
    list_kube_config_contexts,
    load_incluster_config,
    load_kube_config,
)
from yaml import YAMLError

from rds_enrollment.runtime.fatal import FatalError

_DEFAULT_NAMESPACE = "default"
_HOME = Path("~/.kube/config")
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


async def load() -> Configuration:
    """`KUBECONFIG`, else the pod's service account, else ~/.kube/config. Raises FatalError (exit code 2).

    In a pod the token file is read again every minute, as the kubelet replaces it.
    """
    kubeconfig = _kubeconfig()
    return await _load(kubeconfig, kubeconfig or "the pod's service account")


def own_namespace() -> str | None:
    """The namespace of the pod that we run in, None elsewhere.

    Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/.
    """
    return _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.is_file() else None


def current_namespace() -> str:
    """The namespace that kubectl would use: the context's, in a pod the pod's. Raises FatalError (exit code 2)."""
    kubeconfig = _kubeconfig()
    if kubeconfig is None:
        return own_namespace() or _DEFAULT_NAMESPACE
    try:
        _, active = list_kube_config_contexts(config_file=kubeconfig)  # type: ignore[no-untyped-call]
    except (ConfigException, YAMLError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise FatalError(f"cannot read the contexts of {kubeconfig}: {first_line}", exit_code=2) from error
    return str(active["context"].get("namespace") or _DEFAULT_NAMESPACE)


def _kubeconfig() -> str | None:
    """The file to use; None in a pod."""
    named = os.environ.get("KUBECONFIG")
    if named:
        if not any(Path(path).is_file() for path in named.split(os.pathsep)):
            raise FatalError(f"KUBECONFIG names no file: {named}", exit_code=2)
        return named
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return None
    at_home = _HOME.expanduser()
    if not at_home.exists():
        raise FatalError(
            "no Kubernetes configuration: set KUBECONFIG, or run in a pod with a service account", exit_code=2
        )
    return str(at_home)


async def _load(kubeconfig: str | None, source: str) -> Configuration:
    configuration = Configuration()
    try:
        if kubeconfig is None:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=kubeconfig, client_configuration=configuration
            )
    except (ConfigException, YAMLError, OSError, ValueError, KeyError, TypeError) as error:
        first_line = str(error).partition("\n")[0]
        raise FatalError(
            f"cannot use the Kubernetes configuration of {source}: {first_line}", exit_code=2
        ) from error
    if configuration.tls_server_name:
        raise FatalError(f"{source}: tls-server-name is not supported", exit_code=2)
    return configuration
