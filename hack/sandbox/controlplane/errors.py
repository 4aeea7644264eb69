"""What can go wrong with the control plane, for the one who started it."""


class ControlPlaneError(Exception):
    """The control plane cannot be built, started or used; the message names the cause and the next action."""
