"""The chart without a cluster: lint, snapshots, and what must agree with the rest of the project."""

import json
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter
from rds_enrollment.api.crds import manifests
from rds_enrollment.runtime.settings import Settings, variable_name

from hack.sandbox.helm import HelmError
from tests.chart.rendering import CHART, SNAPSHOTS, VALUES, Object, find, objects, offline, render, snapshot

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
RULES = yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
LEASE_RULES = yaml.safe_load((CHART / "files" / "lease-rules.yaml").read_text())


def rendered(name: str, *arguments: str) -> list[Object]:
    return objects(render(name, arguments))


def environment(found: list[Object]) -> dict[str, str]:
    (container,) = find(found, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value", "") for entry in container["env"]}


@pytest.mark.parametrize("name", VALUES)
def test_lint(name: str) -> None:
    offline().run("lint", str(CHART), "--strict", "--quiet", f"--values={VALUES[name]}")


def test_there_is_one_snapshot_for_each_set_of_values() -> None:
    assert len(VALUES) >= 12
    assert {path.stem for path in SNAPSHOTS.glob("*.yaml")} == VALUES.keys()


@pytest.mark.parametrize("name", VALUES)
def test_snapshot(name: str) -> None:
    """`make chart-snapshots` writes them anew, for the diff to be read."""
    assert snapshot(name) == (SNAPSHOTS / f"{name}.yaml").read_text()


def test_crds_are_the_generated_ones() -> None:
    found = [item for item in rendered("minimal") if item["kind"] == "CustomResourceDefinition"]
    by_name = {item["metadata"]["name"]: item["spec"] for item in found}
    assert by_name == {item["metadata"]["name"]: item["spec"] for item in manifests()}


def test_crds_are_kept() -> None:
    found = [item for item in rendered("minimal") if item["kind"] == "CustomResourceDefinition"]
    for item in found:
        assert item["metadata"]["annotations"] == {
            "helm.sh/resource-policy": "keep",
            "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        }


def test_crds_are_kept_no_longer_on_request() -> None:
    found = [item for item in rendered("removable-crds") if item["kind"] == "CustomResourceDefinition"]
    assert len(found) == len(manifests())
    assert all("annotations" not in item["metadata"] for item in found)


def test_the_role_holds_the_shipped_rules() -> None:
    assert find(rendered("minimal"), "ClusterRole", "-operator")["rules"] == RULES


def test_namespaced_rights_stay_in_the_namespaces() -> None:
    found = rendered("namespaced-without-cluster-objects")
    assert {item["kind"] for item in found} == {
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
    }
    assert find(found, "Role", "-operator")["metadata"]["namespace"] == "shop"
    assert find(found, "Role", "-operator")["rules"] == RULES


@pytest.mark.parametrize("name", ["minimal", "namespaced", "scheduling"])
def test_each_release_has_a_lease_of_its_own(name: str) -> None:
    """Named as the Deployment, which nothing else in the namespace can be."""
    found = rendered(name)
    deployment = find(found, "Deployment")["metadata"]
    role = find(found, "Role", "-lease")
    assert role["metadata"]["namespace"] == deployment["namespace"]
    assert role["rules"] == [
        rule | {"resourceNames": [deployment["name"]]} if "resourceNames" in rule else rule
        for rule in LEASE_RULES
    ]
    shown = environment(found)
    assert shown[variable_name("lease_name")] == deployment["name"]
    assert shown[variable_name("lease_namespace")] == deployment["namespace"]


def test_a_pod_bears_its_own_name_on_the_lease() -> None:
    (container,) = find(rendered("minimal"), "Deployment")["spec"]["template"]["spec"]["containers"]
    (entry,) = [entry for entry in container["env"] if entry["name"] == variable_name("lease_identity")]
    assert entry["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_every_setting_has_a_value_of_the_chart() -> None:
    shown = environment(rendered("settings"))
    # The chart sets every one by itself: a file would only be overruled.
    assert {variable_name(field) for field in Settings.model_fields if field != "config"} == shown.keys()


def test_defaults_of_settings_are_the_operators_own() -> None:
    shown = environment(rendered("minimal"))
    for field, info in Settings.model_fields.items():
        if info.default is not None and not info.is_required() and field != "lease_name":
            if variable_name(field) not in shown:
                continue
            parsed = TypeAdapter(type(info.default)).validate_python(shown[variable_name(field)])
            assert parsed == info.default, field


def test_there_is_always_a_pod_that_can_lead() -> None:
    """A rollout brings a new one before an old one goes, a drain takes one at a time, they are apart."""
    found = rendered("minimal")
    spec = find(found, "Deployment")["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    labels = spec["template"]["metadata"]["labels"].items()
    budget = find(found, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= labels
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [part["topologyKey"] for part in spread] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    assert all(part["labelSelector"]["matchLabels"].items() <= labels for part in spread)


def test_a_single_pod_is_promised_nothing() -> None:
    """A budget for it would hold up every drain."""
    found = rendered("foreign-account")
    assert not [item for item in found if item["kind"] == "PodDisruptionBudget"]
    assert "topologySpreadConstraints" not in find(found, "Deployment")["spec"]["template"]["spec"]
    off = rendered("minimal", "--set=podDisruptionBudget.enabled=false")
    assert not [item for item in off if item["kind"] == "PodDisruptionBudget"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("minimal", ["--set=replicas=-1"], "at '/replicas': minimum: got -1, want 0"),
        ("minimal", ["--set=settings.leaseSeconds=2"], "at '/settings/leaseSeconds'"),
        ("minimal", ["--set=teleport.adress=a:1"], "additional properties 'adress' not allowed"),
        ("minimal", ["--set=teleport.address=example.com"], "at '/teleport/address'"),
        ("minimal", ["--set=teleport.address="], "teleport.address is required"),
        ("minimal", ["--set=teleport.identity.secretName="], "the operator needs an identity for Teleport"),
        ("minimal", ["--set=teleport.identity.tbot.enabled=true"], "not both"),
        ("tbot", ["--set=teleport.identity.tbot.token="], "tbot.token is required"),
        ("tbot", ["--set=teleport.identity.tbot.image.tag="], "the version of the Teleport cluster"),
        ("namespaced", ["--set=watchNamespaces=null"], "needs watchNamespaces"),
        ("namespaced", ["--set=ownerId="], "needs ownerId"),
        ("minimal", ["--set=ownerId=a/b"], "at '/ownerId'"),
        ("foreign-account", ["--set=serviceAccount.name="], "serviceAccount.name is required"),
        ("foreign-account", ["--set=metrics.serviceMonitor.enabled=true"], "use metrics.podMonitor"),
        ("monitors", ["--set=metrics.prometheusRule.runbookUrl="], "runbookUrl is required"),
        (
            "monitors",
            ["--set=metrics.prometheusRule.runbookUrl=x"],
            "at '/metrics/prometheusRule/runbookUrl'",
        ),
        ("monitors", ["--set=metrics.objects=false"], "needs metrics.objects"),
        ("minimal", ["--set=metrics.prometheusRule.enabled=true"], "needs metrics.serviceMonitor or"),
        ("minimal", ["--set=settings.logLevel=trace"], "at '/settings/logLevel'"),
        ("minimal", ["--set=resources=null", "--kube-version=1.28"], "incompatible with Kubernetes v1.28"),
    ],
)
def test_refused(name: str, arguments: list[str], message: str) -> None:
    with pytest.raises(HelmError) as raised:
        render(name, arguments)
    assert message in " ".join(str(raised.value).split())


def _objects_with_fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*schema.get("properties", {}).values(), *schema.get("definitions", {}).values()]
    here = [schema] if "properties" in schema else []
    return here + [found for part in inner for found in _objects_with_fields(part)]


def test_no_object_of_the_schema_takes_unknown_keys() -> None:
    found = _objects_with_fields(SCHEMA)
    assert len(found) > 10
    assert all(schema["additionalProperties"] is False for schema in found)


def _missing(defaults: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """Paths that the schema allows and values.yaml does not show."""
    schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return [
        found
        for key, inner in schema.get("properties", {}).items()
        for found in (
            [f"{path}/{key}"] if key not in defaults else _missing(defaults[key], inner, f"{path}/{key}")
        )
    ]


def test_values_show_everything_that_may_be_set() -> None:
    # A parent chart's own, and a delay that none of the probes needs.
    assert set(_missing(DEFAULTS, SCHEMA)) == {
        "/global",
        "/probes/liveness/initialDelaySeconds",
        "/probes/readiness/initialDelaySeconds",
    }
