"""The least that can watch and answer: a process of its own that copies `asked` to `answered` in a ConfigMap.

`python -m hack.bench.bare_loop KUBECONFIG NAMESPACE NAME CHAINS`. CHAINS is JSON: chains of calls to AWS that are made
before each answer, side by side, the calls of one chain one after the other. AWS comes from boto3's environment.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from kubernetes import client, config, watch

Call = tuple[str, str, Mapping[str, Any]]
"""Service, method of boto3's client, parameters."""
Chains = Sequence[Sequence[Call]]


class Reads:
    """Makes the calls, with clients that are made before."""

    def __init__(self, chains: Chains) -> None:
        services = {service for chain in chains for service, *_ in chain}
        self._chains = chains
        self._clients: dict[str, Any] = {
            name: boto3.client(name)  # type: ignore[call-overload]
            for name in services
        }
        self._threads = ThreadPoolExecutor(max(1, len(chains)))

    def __call__(self) -> None:
        """All of them, once."""
        for _ in self._threads.map(self._follow, self._chains):
            pass

    def _follow(self, chain: Sequence[Call]) -> None:
        for service, method, parameters in chain:
            getattr(self._clients[service], method)(**parameters)


def main(kubeconfig: str, namespace: str, name: str, chains: str) -> None:
    """Watch the ConfigMaps of a namespace for ever, and patch the one of this name while its question is open."""
    api: Any = client.CoreV1Api(config.new_client_from_config(kubeconfig))  # type: ignore[no-untyped-call]
    read = Reads(json.loads(chains))
    stream: Any = watch.Watch()  # type: ignore[no-untyped-call]
    for event in stream.stream(api.list_namespaced_config_map, namespace):
        found = event["object"]
        data = found.data or {}
        if found.metadata.name == name and data.get("asked") != data.get("answered"):
            read()
            api.patch_namespaced_config_map(name, namespace, {"data": {"answered": data["asked"]}})


if __name__ == "__main__":
    main(*sys.argv[1:])
