"""Where the connection comes from, in order, and one line when it cannot be had."""

from pathlib import Path

import pytest
import yaml
from rds_enrollment.handlers import connection
from rds_enrollment.kubernetes import config
from rds_enrollment.runtime.fatal import FatalError


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def kubeconfig(path: Path, **cluster: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1234", **cluster}}],
                "users": [{"name": "u", "user": {"token": "abc"}}],
            }
        )
    )
    return path


async def test_kubeconfig_comes_first_and_kopf_gets_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "named")))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    info = connection(await config.load())
    assert (info.server, info.scheme, info.token) == ("http://127.0.0.1:1234", "Bearer", "abc")


async def test_the_home_folder_comes_last(tmp_path: Path) -> None:
    kubeconfig(tmp_path / ".kube" / "config")
    assert (await config.load()).host == "http://127.0.0.1:1234"


async def test_nothing_at_all_is_one_line() -> None:
    with pytest.raises(FatalError, match=r"^no Kubernetes configuration: set KUBECONFIG") as raised:
        await config.load()
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("content", [None, "", "a: [1", "]broken: [", "apiVersion: v1\nkind: Config\n"])
async def test_a_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "named"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(FatalError) as raised:
        await config.load()
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_a_pod_without_its_token_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(FatalError, match="the pod's service account"):
        await config.load()


async def test_what_kopf_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "named", **{"tls-server-name": "other"})
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(FatalError, match="tls-server-name is not supported"):
        await config.load()
