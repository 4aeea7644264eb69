"""Progress lines for people: always on stderr, so that stdout stays usable by scripts."""

import sys


def report(line: str) -> None:
    """Print one line at once."""
    print(f"control plane: {line}", file=sys.stderr, flush=True)
