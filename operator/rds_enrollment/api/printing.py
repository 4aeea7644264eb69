"""What `kubectl get` shows of a kind."""

from dataclasses import dataclass
from typing import Any, Literal

ColumnType = Literal["string", "integer", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """One `additionalPrinterColumns` entry; `wide` columns appear with `-o wide` only."""

    name: str
    json_path: str
    type: ColumnType = "string"
    wide: bool = False
    description: str = ""

    def entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": self.name, "type": self.type, "jsonPath": self.json_path}
        if self.description:
            entry["description"] = self.description
        if self.wide:
            entry["priority"] = 1
        return entry


READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
MESSAGE = Column("Message", '.status.conditions[?(@.type=="Ready")].message', wide=True)
AGE = Column("Age", ".metadata.creationTimestamp", type="date")


@dataclass(frozen=True, slots=True)
class Scale:
    """The `scale` subresource: JSON paths of the wanted and the present number."""

    spec: str
    status: str
