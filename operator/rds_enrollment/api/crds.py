"""The CustomResourceDefinitions of the three kinds, generated from their models."""

from typing import Any

from rds_enrollment.api.common import CATEGORY, GROUP, VERSION
from rds_enrollment.api.kinds import KINDS, Kind
from rds_enrollment.api.schema import Schema, structural

Manifest = dict[str, Any]

_API_VERSION = {
    "description": "Version of the schema of this object: rds-enrollment.dev/v1alpha1.",
    "type": "string",
}
_KIND = {"description": "Kind of this object.", "type": "string"}
_METADATA = {"type": "object"}
_UNSEEN = {"observedGeneration": -1}
"""Status of an object that no operator has looked at. Without one kstatus (Flux, Helm 4) takes it for ready: it only
waits where the generations differ (sigs.k8s.io/cli-utils pkg/kstatus)."""


def manifests() -> list[Manifest]:
    """One apiextensions.k8s.io/v1 CustomResourceDefinition per kind, in the order of KINDS."""
    return [_manifest(kind) for kind in KINDS.values()]


def _manifest(kind: Kind) -> Manifest:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.singular,
                "shortNames": [kind.short_name],
                "categories": [CATEGORY],
            },
            "scope": "Namespaced",
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> Manifest:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [column.entry() for column in kind.model.COLUMNS],
        "subresources": _subresources(kind),
        "schema": {"openAPIV3Schema": _root_schema(kind)},
    }


def _subresources(kind: Kind) -> Manifest:
    scale = kind.model.SCALE
    if scale is None:
        return {"status": {}}
    return {"status": {}, "scale": {"specReplicasPath": scale.spec, "statusReplicasPath": scale.status}}


def _root_schema(kind: Kind) -> Schema:
    """metadata is left to the API server: a CRD may not describe it."""
    root = structural(kind.model)
    properties = root.pop("properties") | {
        "apiVersion": _API_VERSION,
        "kind": _KIND,
        "metadata": _METADATA,
    }
    properties["status"] = _unseen(properties["status"])
    order = ("apiVersion", "kind", "metadata", "spec", "status")
    return root | {"required": ["spec"], "properties": {name: properties[name] for name in order}}


def _unseen(status: Schema) -> Schema:
    told = "Default: an observedGeneration of -1, until the operator has looked at the object."
    return status | {"description": f"{status['description']} {told}", "default": _UNSEEN}
