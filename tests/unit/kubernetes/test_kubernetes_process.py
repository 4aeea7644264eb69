"""The whole process when the watch cannot go on: it ends, so that its successor begins anew."""

import asyncio
import os
import sys
from pathlib import Path

import yaml
from rds_enrollment.api.kinds import KINDS

from tests.unit.kubernetes.fake_api import FakeApi
from tests.unit.kubernetes.lease_server import LeaseServer
from tests.unit.kubernetes.test_kubernetes_kopf import HANG, PATH, discovery

ROOT = Path(__file__).resolve().parents[3]


async def test_a_watch_that_cannot_go_on_ends_the_process_with_one_line(api: FakeApi, tmp_path: Path) -> None:
    discovery(api)
    for kind in KINDS.values():
        api.answer(f"GET {PATH}/{kind.plural}", {"metadata": {"resourceVersion": "5"}, "items": []})
    LeaseServer(api, "default", "rds-enrollment-operator")
    # What a watch request gets is the list, which is no watch event: kopf gives up.
    kubeconfig = tmp_path / "kubeconfig"
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": api.url}}],
        "users": [{"name": "u", "user": {"token": "abc"}}],
    }
    kubeconfig.write_text(yaml.safe_dump(document))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}",
        "KUBECONFIG": str(kubeconfig),
        "RDS_ENROLLMENT_TELEPORT_ADDRESS": "127.0.0.1:3025",
        "RDS_ENROLLMENT_TELEPORT_IDENTITY": "unused",
        "RDS_ENROLLMENT_OWNER_ID": "test",
        "RDS_ENROLLMENT_HTTP_ADDRESS": "127.0.0.1:0",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.cluster.stand_in"),
        env=environment,
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(3 * HANG):
        _, output = await process.communicate()
    lines = [line for line in output.decode().splitlines() if not line.startswith("{")]
    assert process.returncode == 1
    assert len(lines) == 1
    assert lines[0].startswith("the watch of the API server has ended: ")
