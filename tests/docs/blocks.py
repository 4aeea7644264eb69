"""The code blocks of every page that a user reads."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "rds-enrollment-operator"
PAGES = [
    *sorted(ROOT.glob("docs/**/*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    CHART / "README.md",
]

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*)$")
_INLINE = re.compile(r"`((?:kubectl|helm|make|aws|rds-enrollment) [a-z][^`]*)`")
_PLACEHOLDER = re.compile(r"<[a-z][a-z -]*>")
_SEPARATORS = frozenset({"|", "&&", "||", ";", ">", "<"})


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    """Of the fence, from 1."""
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Command:
    """One call of a program in a shell block."""

    where: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where} {' '.join(self.words[:3])}"

    @property
    def flags(self) -> tuple[str, ...]:
        """Options without their values."""
        return tuple(word.partition("=")[0] for word in self.words[1:] if re.match(r"--?[a-z]", word))


def blocks(*languages: str) -> list[Block]:
    """All blocks in these languages, by page and line."""
    return [block for page in PAGES for block in _of(page) if block.language in languages]


def commands() -> list[Command]:
    """Every call of a program in the blocks marked as shell, and in running text."""
    return [command for block in (*blocks("sh"), *_inline()) for command in _calls(block)]


def _inline() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text()
        for found in _INLINE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(str(page.relative_to(ROOT)), line, "sh", " ".join(found[1].split()))


def _of(page: Path) -> Iterator[Block]:
    opened: tuple[int, str, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence:
                opened, lines = (number, fence["language"], fence["indent"]), []
        elif line == f"{opened[2]}```":
            yield Block(str(page.relative_to(ROOT)), opened[0], opened[1], dedent("\n".join(lines)) + "\n")
            opened = None
        else:
            lines.append(line)


def _calls(block: Block) -> Iterator[Command]:
    script = _PLACEHOLDER.sub("PLACEHOLDER", block.text.replace("\\\n", " "))
    for line in script.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if word in _SEPARATORS:
                yield from _call(block, words)
                words = []
            else:
                words.append(word)
        yield from _call(block, words)


def _call(block: Block, words: list[str]) -> Iterator[Command]:
    """Without the variables that are set before the program's name."""
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if words:
        yield Command(str(block), tuple(words))
