"""CRDs of the Prometheus operator's ServiceMonitor, PodMonitor and PrometheusRule, reduced to what the chart may set.

Names and types of the fields: https://prometheus-operator.dev/docs/api-reference/api/ (monitoring.coreos.com/v1).
With strict validation the API server refuses every other field.
"""

from typing import Any

_TEXT = {"type": "string"}
_DURATION = {
    "type": "string",
    "pattern": "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$",
}
_LABELS = {"type": "object", "additionalProperties": _TEXT}
_ENDPOINT = {
    "type": "object",
    "properties": {
        "port": _TEXT,
        "path": _TEXT,
        "interval": _DURATION,
        "scrapeTimeout": _DURATION,
        "honorLabels": {"type": "boolean"},
    },
}


_RULE = {
    "type": "object",
    "required": ["expr"],
    "properties": {
        "alert": _TEXT,
        "expr": _TEXT,
        "for": _DURATION,
        "labels": _LABELS,
        "annotations": _LABELS,
    },
}
_GROUP = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "rules": {"type": "array", "items": _RULE}},
}


def monitor_crds() -> list[dict[str, Any]]:
    """The three CustomResourceDefinitions."""
    rule = {"type": "object", "properties": {"groups": {"type": "array", "items": _GROUP}}}
    return [
        _crd("ServiceMonitor", _monitor("endpoints")),
        _crd("PodMonitor", _monitor("podMetricsEndpoints")),
        _crd("PrometheusRule", rule),
    ]


def _monitor(endpoints: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["selector", endpoints],
        "properties": {
            "selector": {"type": "object", "properties": {"matchLabels": _LABELS}},
            endpoints: {"type": "array", "items": _ENDPOINT},
        },
    }


def _crd(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    plural, group = f"{kind.lower()}s", "monitoring.coreos.com"
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": spec}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural},
            "scope": "Namespaced",
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }
