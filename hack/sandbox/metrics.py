"""The operator's /metrics, parsed."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from rds_enrollment.api.kinds import Kind

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Metrics:
    """Samples by name and labels."""

    samples: Mapping[tuple[str, Labels], float]

    @classmethod
    def parse(cls, text: str) -> "Metrics":
        """Raises ValueError when `text` is not in Prometheus's text format."""
        return cls(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        )

    def total(self, name: str, /, **labels: str) -> float:
        """Sum of the samples of a name that carry these labels."""
        return sum(
            value
            for (sample, found), value in self.samples.items()
            if sample == name and labels.items() <= dict(found).items()
        )

    def value(self, name: str) -> float:
        """Of the one sample of a name without labels. Raises KeyError when there is none."""
        return self.samples[name, frozenset()]

    def labels(self, name: str, /, **labels: str) -> list[dict[str, str]]:
        """All labels of the samples of a name that carry these."""
        found = [dict(found) for sample, found in self.samples if sample == name]
        return [each for each in found if labels.items() <= each.items()]

    def passes(self, kind: Kind) -> float:
        """Passes over objects of a kind since the start."""
        return self.total("controller_runtime_reconcile_total", controller=kind.kind.lower())

    @property
    def is_idle(self) -> bool:
        return self.total("workqueue_depth") == 0 and self.total("workqueue_unfinished_work_seconds") == 0
