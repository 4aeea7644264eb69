"""Listings of a region: what belongs to the VPC that was recorded is listed for each VPC there."""

from collections.abc import Iterator
from xml.etree import ElementTree

from hack.bench.deployments.places import in_region, moved

_ENTRIES = ("item", "DBInstance")
"""Elements that a listing consists of (Amazon EC2 and Amazon RDS API)."""


def listed(text: str, vpc_id: str, numbers: range, region: str) -> str:
    """The XML of a listing with an entry for each number in place of each that names the VPC."""
    root = ElementTree.fromstring(text)  # noqa: S314 - the simulation's own
    for listing in _listings(root):
        for entry in list(listing):
            found = ElementTree.tostring(entry, encoding="unicode")
            listing.remove(entry)
            if vpc_id in found:
                listing.extend(ElementTree.fromstring(moved(found, number)) for number in numbers)  # noqa: S314
            else:
                listing.append(ElementTree.fromstring(in_region(found, region)))  # noqa: S314
    return ElementTree.tostring(root, encoding="unicode")


def _listings(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The outermost elements that consist of entries."""
    if any(child.tag.rpartition("}")[2] in _ENTRIES for child in root):
        yield root
        return
    for child in root:
        yield from _listings(child)
