"""`rds-enrollment status` beside a running operator: on a terminal, in a pipe, and without rights."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import click
from rds_enrollment.api.kinds import DATABASE_SERVICE_DEPLOYMENT

from tests.cluster.scene import REGION, Scene

PROGRAM = Path(sys.executable).with_name("rds-enrollment")
CLEAR = "\x1b[2J"


def environment(kubeconfig: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "TERM": "xterm", "KUBECONFIG": str(kubeconfig), **more}


def status(kubeconfig: Path, scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(PROGRAM), "status", f"--namespace={scene.namespace.name}", *arguments]
    return subprocess.run(
        command, env=environment(kubeconfig), capture_output=True, text=True, check=False, timeout=60
    )


class Screen:
    """A terminal, and what was written to it."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._written = bytearray()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def frames(self) -> list[str]:
        """What stood on it between two clearings, without the one being drawn."""
        return self._written.decode(errors="replace").replace("\r\n", "\n").split(CLEAR)[1:-1]

    def end(self) -> None:
        self._reader.join(10)
        os.close(self._terminal)

    def _read(self) -> None:
        while True:
            try:
                read = os.read(self._terminal, 65536)
            except OSError:  # how Linux tells that the other side is closed
                return
            self._written += read


@contextmanager
def watching(kubeconfig: Path, scene: Scene) -> Iterator[tuple["subprocess.Popen[bytes]", Screen]]:
    terminal, inside = pty.openpty()
    command = [str(PROGRAM), "status", f"--namespace={scene.namespace.name}", "--watch", "--interval=0.5"]
    process = subprocess.Popen(
        command, env=environment(kubeconfig), stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    screen = Screen(terminal)
    try:
        yield process, screen
    finally:
        process.kill()
        process.wait()
        screen.end()


def test_status_follows_the_way_to_ready(scene: Scene, operator_kubeconfig: Path) -> None:
    scene.world.demo_world(REGION)
    with watching(operator_kubeconfig, scene) as (process, screen):
        scene.wait(lambda: bool(screen.frames), "the first screen is drawn")
        assert "was found" in screen.frames[0]
        scene.start()
        scene.apply_examples()
        scene.wait_all_ready()
        ready = click.style("Ready", fg="green")
        scene.wait(lambda: screen.frames[-1].count(ready) == 3, "three objects are green")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        last = screen.frames[-1]

    answer = status(operator_kubeconfig, scene)
    assert answer.returncode == 0
    assert answer.stdout.split() == click.unstyle(last).split()
    assert "\x1b" not in answer.stdout
    lines = answer.stdout.splitlines()
    assert f"└── DatabaseServiceDeployment {scene.namespace.name}/{name_of_deployment(scene)}" in lines[2]
    assert "    └── database orders  Enrolled" in lines

    found = json.loads(status(operator_kubeconfig, scene, "--output=json").stdout)
    (enrollment,) = found["enrollments"]
    assert (enrollment["discovered"], enrollment["enrolled"]) == (3, 3)
    assert enrollment["deployments"][0]["tasks"]["connected"] == 2


def name_of_deployment(scene: Scene) -> str:
    (found,) = scene.namespace.all(DATABASE_SERVICE_DEPLOYMENT)
    return str(found["metadata"]["name"])


def test_a_missing_right_is_named(scene: Scene, tmp_path: Path) -> None:
    namespace = scene.namespace.name
    scene.plane.run_kubectl("create", "serviceaccount", "nobody", f"--namespace={namespace}")
    nobody = scene.plane.service_account_kubeconfig(namespace, "nobody", tmp_path / "nobody.kubeconfig")
    answer = status(nobody, scene)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1
    assert "list awsoidcintegrations" in answer.stderr
