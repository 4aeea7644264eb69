"""The least that can watch and answer: a process of its own that copies `asked` to `answered` in ConfigMaps."""

import sys
from typing import Any

from kubernetes import client, config, watch


def main(kubeconfig: str, namespace: str) -> None:
    """Watch the ConfigMaps of a namespace for ever, and patch each one whose question is open."""
    api: Any = client.CoreV1Api(config.new_client_from_config(kubeconfig))  # type: ignore[no-untyped-call]
    stream: Any = watch.Watch()  # type: ignore[no-untyped-call]
    for event in stream.stream(api.list_namespaced_config_map, namespace):
        found = event["object"]
        data = found.data or {}
        if data.get("asked") != data.get("answered"):
            api.patch_namespaced_config_map(
                found.metadata.name, namespace, {"data": {"answered": data["asked"]}}
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
