"""Commands in messages, for the reader to copy."""

import shlex


def command_line(*words: str) -> str:
    """One line for a shell: what AWS, Teleport or a person calls a thing is a word of it, whatever it says."""
    return shlex.join(words)
