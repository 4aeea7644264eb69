"""The chart as an installed release."""

from dataclasses import dataclass
from pathlib import Path

from hack.sandbox.helm import Helm
from tests.chart.rendering import CHART, NAMESPACE, RELEASE, VALUES


@dataclass(frozen=True)
class Release:
    """One release of the operator's chart. Every method raises HelmError."""

    helm: Helm
    name: str = RELEASE
    namespace: str = NAMESPACE

    @property
    def service_account(self) -> str:
        return f"{self.name}-rds-enrollment-operator"

    @property
    def lease(self) -> dict[str, str]:
        """The operator's settings for the Lease that the release's rights are about."""
        return {
            "RDS_ENROLLMENT_LEASE_NAME": self.service_account,
            "RDS_ENROLLMENT_LEASE_NAMESPACE": self.namespace,
        }

    def install(self, values: str, *arguments: str, chart: Path = CHART) -> str:
        """Install with a set of values; returns what Helm says."""
        return self._write("install", values, *arguments, "--create-namespace", chart=chart)

    def upgrade(self, values: str, *arguments: str, chart: Path = CHART) -> str:
        """Upgrade to a set of values; returns what Helm says."""
        return self._write("upgrade", values, *arguments, chart=chart)

    def uninstall(self) -> str:
        """Uninstall; returns what Helm says, such as what was kept."""
        return self.helm.run("uninstall", self.name, f"--namespace={self.namespace}")

    def _write(self, verb: str, values: str, *arguments: str, chart: Path) -> str:
        # No pod ever runs on this control plane: Helm must not wait for one.
        options = [f"--namespace={self.namespace}", f"--values={VALUES[values]}", "--wait=hookOnly"]
        return self.helm.run(verb, self.name, str(chart), *options, *arguments)
