"""How the process ends when it cannot run."""


class FatalError(Exception):
    """Ends the process: the text is one line for stderr, without a traceback.

    `exit_code`: 2 when a setting must change, 1 for everything else.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code
