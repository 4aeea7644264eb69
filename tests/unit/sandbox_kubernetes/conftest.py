"""A control plane's certificates, an API server that is none, and the gate before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.sandbox.controlplane.pki import create_pki
from hack.sandbox.kubernetes_gate import KubernetesGate
from tests.unit.sandbox_kubernetes.upstream import Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(create_pki(tmp_path)) as running:
        yield running


@pytest.fixture
def gate(upstream: Upstream) -> Iterator[KubernetesGate]:
    with KubernetesGate(upstream.url, upstream.pki.ca) as running:
        yield running
