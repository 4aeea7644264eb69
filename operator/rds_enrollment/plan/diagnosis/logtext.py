"""Log lines made fit for a status. Whoever writes into the log group decides about them: they are data of strangers."""

import re

from rds_enrollment.api.base import clip
from rds_enrollment.plan.text import printable

LINE_BYTES = 300
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
"""ECMA-48: control sequences (CSI), operating system commands (OSC) and other escapes."""
_TIME = re.compile(r"^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\s+")
"""At the beginning of a line: with it, a failure that repeats would never read the same."""
_REDACTED = "[redacted]"
_SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]+-----.*", re.DOTALL),
    re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(
        r"(?i)[\w-]*(?:password|passwd|secret|credential|signature|security-token|auth[_-]?token|access[_-]?key)[\w-]*"
        r"[\"']?\s*[:=]\s*[\"']?[^\s\"',&]+"
    ),
    re.compile(r"(?i)\btoken[\"']?\s*[:=]\s*[\"']?[^\s\"',&]{8,}"),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"(?<=://)[^\s/@]+:[^\s/@]+(?=@)"),
    re.compile(r"\b[0-9a-fA-F]{32,}\b"),
    re.compile(r"(?<![\w/+=.-])[\w+/]{48,}={0,2}(?![\w/+=.-])"),
)
"""PEM blocks, authorization headers, named values, AWS access keys, JSON Web Tokens, URLs with passwords; then what has
the form of a secret: a token in hexadecimal digits, as Teleport makes its static ones, or long base64."""


def clean(line: str) -> str:
    """One line without its time, control characters and what may be a secret, at most `LINE_BYTES` long."""
    plain = printable(_TIME.sub("", _ESCAPE.sub("", line)))
    for secret in _SECRETS:
        plain = secret.sub(_REDACTED, plain)
    return clip(" ".join(plain.split()), LINE_BYTES)
