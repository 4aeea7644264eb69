"""Read your own writes: a view that is fed by a stream lags behind the writes of its own process.

After a write its object is read back by name, until the stream has delivered the state that was read: from then on
the view is at least as new. The server's own reads may lag, too (they come from its cache), which shows by the
revision that the write replaced.
"""

from dataclasses import dataclass, field

from rds_enrollment.teleport.kinds import Kind

Address = tuple[Kind, str]


@dataclass(slots=True)
class _Write:
    replaced: str | None = None
    """Revision before the write; None when it is not known."""
    is_over: bool = False
    answered: str | None = None
    """Revision that was read back last."""
    delivered: set[str] = field(default_factory=set)
    """Revisions that the stream has delivered since."""
    precedes_stream: bool = False
    """Made before the stream began: what the stream's first listing holds is no older."""


class OwnWrites:
    """The writes that the stream has not confirmed."""

    def __init__(self) -> None:
        self._writes: dict[Address, _Write] = {}

    def begin(self, address: Address) -> None:
        """A write of ours is about to be made: its event may come before its answer."""
        self._writes[address] = _Write()

    def end(self, address: Address, replaced: str | None) -> None:
        """It was made, or may have been made. `replaced`: the revision before it, None when that is not known."""
        write = self._writes[address]
        write.replaced, write.is_over = replaced, True

    def stream_begins(self) -> None:
        """A stream was opened; the listing that belongs to it follows."""
        for write in self._writes.values():
            write.precedes_stream = True

    def names(self, kind: Kind) -> list[str]:
        """Objects of a kind that must be read back."""
        return [name for each, name in self._writes if each is kind]

    def has(self, address: Address) -> bool:
        """Whether this object must be read back."""
        return address in self._writes

    def is_outdated(self, address: Address, revision: str) -> bool:
        """Whether a state that was read is the one from before our write."""
        write = self._writes.get(address)
        return write is not None and write.replaced == revision

    def read_back(self, address: Address, revision: str, held: str) -> bool:
        """A state was read back while the view has revision `held`. True: the view is at least as new."""
        write = self._writes.get(address)
        if write is None:
            return True
        caught_up = revision in write.delivered or (write.precedes_stream and revision == held)
        if caught_up and write.is_over:
            del self._writes[address]
        elif write.is_over:
            write.answered = revision
        return caught_up

    def deliver(self, address: Address, revision: str) -> bool:
        """The stream delivered a revision. True: it is no news to those that wrote.

        Who writes always looks again; what comes before that look is not news, nor is what the look showed.
        """
        write = self._writes.get(address)
        if write is None:
            return False
        if write.answered is None:
            write.delivered.add(revision)
            return True
        if write.answered == revision:
            del self._writes[address]
            return True
        return False
