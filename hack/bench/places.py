"""The same estate in many places: what is said of one account and region, said of another."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

_ENCODED = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
_VPC = re.compile(r"vpc-[0-9a-f]{4}(?P<kept>[0-9a-f]{13})")


@dataclass(frozen=True)
class Place:
    """An account and a region. `number` (below 65,536) is the place's own, and becomes part of its VPCs' ids."""

    account: str
    region: str
    number: int

    @property
    def prefix(self) -> str:
        """What the ids of its VPCs begin with."""
        return f"vpc-{self.number:04x}"


class Translation:
    """Between the estate as it was recorded and as it looks in another place.

    Account, region and VPC ids differ between places; what VPC ids end with, and all other ids, are the same
    everywhere.
    """

    def __init__(self, account: str, region: str, vpcs: Sequence[str]) -> None:
        self.account = account
        self.region = region
        self.vpcs = tuple(vpcs)
        self._ids = {vpc[-13:]: vpc for vpc in vpcs}
        self._told = re.compile("|".join(map(re.escape, (account, region, *vpcs))))

    def to(self, place: Place, text: str) -> str:
        """What was recorded, as it is in a place; also the configuration of agents, which is in Base64."""

        def encoded(found: re.Match[str]) -> str:
            told = base64.b64decode(found[0]).decode()
            return base64.b64encode(self._plain_to(place, told).encode()).decode()

        return _ENCODED.sub(encoded, self._plain_to(place, text))

    def _plain_to(self, place: Place, text: str) -> str:
        def there(found: re.Match[str]) -> str:
            told = found[0]
            if told == self.account:
                return place.account
            return place.region if told == self.region else f"{place.prefix}{told[-13:]}"

        return self._told.sub(there, text)

    def back(self, place: Place, text: str) -> str:
        """What is said in a place, as it was recorded."""
        text = _VPC.sub(lambda found: self._ids.get(found["kept"], found[0]), text)
        return text.replace(place.account, self.account).replace(place.region, self.region)

    @staticmethod
    def number_in(text: str) -> int | None:
        """The place that a VPC id in the text belongs to; None when there is none."""
        found = _VPC.search(text)
        return int(found[0][4:8], 16) if found else None
