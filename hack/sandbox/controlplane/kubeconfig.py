"""Kubeconfig files with everything embedded, so that they can be copied and used from anywhere."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from hack.sandbox.controlplane.pki import Pki

_NAME = "sandbox"


def client_certificate_user(pki: Pki) -> dict[str, str]:
    """The `user` entry of the administrator."""
    return {
        "client-certificate-data": _base64(pki.admin_cert),
        "client-key-data": _base64(pki.admin_key),
    }


def write_kubeconfig(
    path: Path, server: str, ca: Path | None, user: Mapping[str, str], namespace: str = "default"
) -> Path:
    """Write a kubeconfig with one context, readable by the owner only, and return its path.

    `server` is a URL; `ca` is left out for a server that is not reached over TLS. JSON is valid YAML.
    """
    cluster = {"server": server}
    if ca is not None:
        cluster["certificate-authority-data"] = _base64(ca)
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": _NAME,
        "clusters": [{"name": _NAME, "cluster": cluster}],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME, "namespace": namespace}}],
        "users": [{"name": _NAME, "user": dict(user)}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
