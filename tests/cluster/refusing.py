"""Systems that refuse some of the operator's writes."""

from collections.abc import Mapping
from dataclasses import dataclass

from hack.sandbox.gate import Fault, Spoiled, Write


@dataclass(frozen=True)
class Refusing:
    """A `hack.sandbox.gate.Gate` that answers some operations with a fault, whenever they come."""

    faults: Mapping[str, Fault]
    """By operation, such as `iam:PutRolePolicy`."""

    def before(self, write: Write) -> None:
        if fault := self.faults.get(write.operation):
            raise Spoiled(fault)

    def after(self, write: Write) -> None:
        """Nothing: what passed is answered."""
