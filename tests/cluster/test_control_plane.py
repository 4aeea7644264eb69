"""The sandbox's control plane: real authorization, real controllers, clear failures, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from kubernetes import client, config

from hack.sandbox.controlplane import ControlPlane, ControlPlaneError
from hack.sandbox.controlplane.binaries import locate
from hack.sandbox.controlplane.processes import GuardedProcess
from tests.cluster.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

READER_ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: with-role}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: with-role}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: worker, namespace: with-role}]
"""

OWNER_AND_DEPENDENT = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: dependent, namespace: {namespace}, ownerReferences: [
  {{apiVersion: v1, kind: ConfigMap, name: owner, uid: {uid}}}]}}
"""


def as_service_account(plane: ControlPlane, namespace: str, folder: Path) -> client.CoreV1Api:
    """A new namespace with the ServiceAccount `worker`, and the API as that account sees it."""
    plane.run_kubectl("create", "namespace", namespace)
    plane.run_kubectl("create", "serviceaccount", "worker", f"--namespace={namespace}")
    path = plane.service_account_kubeconfig(namespace, "worker", folder / "worker.kubeconfig")
    return client.CoreV1Api(config.new_client_from_config(str(path)))  # type: ignore[no-untyped-call]


def test_service_account_without_role_is_denied(control_plane: ControlPlane, tmp_path: Path) -> None:
    api = as_service_account(control_plane, "without-role", tmp_path)

    with pytest.raises(client.ApiException) as refusal:
        api.list_namespaced_config_map("without-role")

    assert refusal.value.status == 403
    assert "system:serviceaccount:without-role:worker" in str(refusal.value.body)


def test_service_account_may_do_what_its_role_says_and_no_more(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    api = as_service_account(control_plane, "with-role", tmp_path)
    control_plane.apply(READER_ROLE)

    def listed() -> bool:
        # The authorizer learns of a new binding through its own watch.
        try:
            api.list_namespaced_config_map("with-role")
        except client.ApiException:
            return False
        return True

    wait_until(listed, "the role admits the account")
    with pytest.raises(client.ApiException, match=r"cannot list resource .*secrets"):
        api.list_namespaced_secret("with-role")


def test_kubeconfig_names_the_proxy_it_is_given(control_plane: ControlPlane, tmp_path: Path) -> None:
    control_plane.run_kubectl("create", "serviceaccount", "proxied", "--namespace=default")

    path = control_plane.service_account_kubeconfig(
        "default", "proxied", tmp_path / "proxied", server="http://127.0.0.1:1"
    )

    cluster = json.loads(path.read_text())["clusters"][0]["cluster"]
    assert cluster == {"server": "http://127.0.0.1:1"}
    assert path.stat().st_mode & 0o077 == 0


def test_dependents_of_a_deleted_owner_are_collected(control_plane: ControlPlane) -> None:
    control_plane.run_kubectl("create", "namespace", "collected")
    control_plane.run_kubectl("create", "configmap", "owner", "--namespace=collected")
    owner = control_plane.run_kubectl(
        "get", "configmap/owner", "-n", "collected", "-o=jsonpath={.metadata.uid}"
    )
    control_plane.apply(OWNER_AND_DEPENDENT.format(namespace="collected", uid=owner))

    control_plane.run_kubectl("delete", "configmap/owner", "--namespace=collected")

    def collected() -> bool:
        names = control_plane.run_kubectl("get", "configmaps", "-n", "collected", "-o=name")
        return "configmap/dependent" not in names

    wait_until(collected, "the garbage collector deletes the dependent")


def test_deleted_namespace_goes_with_its_content(control_plane: ControlPlane) -> None:
    control_plane.run_kubectl("create", "namespace", "short-lived")
    control_plane.run_kubectl("create", "configmap", "content", "--namespace=short-lived")

    control_plane.run_kubectl("delete", "namespace/short-lived", "--wait=true", "--timeout=30s")

    assert "short-lived" not in control_plane.run_kubectl("get", "namespaces", "-o=name")


def test_refused_manifest_carries_the_api_servers_message(control_plane: ControlPlane) -> None:
    with pytest.raises(ControlPlaneError, match=r"Invalid value: \"Upper\""):
        control_plane.apply("{apiVersion: v1, kind: Namespace, metadata: {name: Upper}}")


def test_process_that_ends_while_starting_is_named_with_its_output(tmp_path: Path) -> None:
    broken = tmp_path / "etcd"
    broken.write_text("#!/bin/sh\necho no space left on device >&2\nexit 3\n")
    broken.chmod(0o755)

    with pytest.raises(ControlPlaneError) as failure:
        ControlPlane(folder=tmp_path / "plane", binaries=replace(locate(), etcd=broken)).start()

    assert "etcd ended with code 3" in str(failure.value)
    assert "no space left on device" in str(failure.value)


def test_assets_folder_without_binaries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ControlPlaneError) as failure:
        locate({"KUBEBUILDER_ASSETS": str(tmp_path)})

    assert str(failure.value).startswith(f"KUBEBUILDER_ASSETS={tmp_path} holds no executable etcd")


def test_plane_that_was_stopped_says_so() -> None:
    with pytest.raises(ControlPlaneError, match="not running"):
        ControlPlane().run_kubectl("version")


def test_guarded_process_passes_sigterm_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = GuardedProcess(
        "trap", ["/bin/sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"], log
    )
    wait_until(lambda: process.log_tail() == "up", "the command has set its trap")

    process.terminate()

    assert process.wait(30.0) == 7
    process.stop()


def test_exit_code_of_a_killed_command_follows_the_shell(tmp_path: Path) -> None:
    process = GuardedProcess("killed", ["/bin/sh", "-c", "kill -KILL $$"], tmp_path / "log")

    assert process.wait(30.0) == 128 + signal.SIGKILL
    process.stop()


def test_servers_die_with_a_killed_parent(tmp_path: Path) -> None:
    # TMPDIR: a killed parent cannot remove its folder; pytest does.
    parent = subprocess.Popen(
        [sys.executable, "-m", "hack.sandbox.controlplane"],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout:
        kubeconfig = json.loads(Path(parent.stdout.readline().strip()).read_text())
    port = urlsplit(kubeconfig["clusters"][0]["cluster"]["server"]).port
    assert accepts_connections(port)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    wait_until(lambda: not accepts_connections(port), "the API server is gone")


def accepts_connections(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
