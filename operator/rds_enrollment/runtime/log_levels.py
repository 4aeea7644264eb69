"""The setting --log-level: one level for all, and others for single areas."""

from dataclasses import dataclass, field

LEVELS = ("debug", "info", "warning", "error")
AREAS = ("aws", "controllers", "kubernetes", "runtime", "teleport")
"""The packages that log."""


@dataclass(frozen=True, slots=True)
class LogLevels:
    """Least level that is logged, one of LEVELS; `areas` by the name of the package."""

    default: str
    areas: dict[str, str] = field(default_factory=dict)


def parse_levels(text: str) -> LogLevels:
    """`info`, or `info,aws=debug`; the level of all may be left out. Raises ValueError."""
    default, areas = "info", {}
    for part in (part.strip() for part in text.split(",")):
        area, equals, level = part.rpartition("=")
        if level not in LEVELS:
            raise ValueError(f"{level!r} is no level; levels are {', '.join(LEVELS)}")
        if equals and area not in AREAS:
            raise ValueError(f"{area!r} is no area; areas are {', '.join(AREAS)}")
        if equals:
            areas[area] = level
        else:
            default = level
    return LogLevels(default, areas)
