"""How often the interpreter looks for garbage in cycles: each such look stops every thread, the event loop's, too."""

import gc

_THRESHOLDS = (20_000, 20, 20)
"""New objects before a look at the young, such looks before one at the middle-aged, and those before one at all. A pass
over ten thousand databases makes and drops hundreds of thousands of objects, few of them in cycles: by default that is
a look at everything each half second, a tenth of a second long."""


def look_rarely() -> None:
    """To be called before the imports, which make a great deal that stays: by default they are looked through again
    and again."""
    gc.set_threshold(*_THRESHOLDS)


def spare_the_event_loop() -> None:
    """Look rarely, and never at what is there already: modules live as long as the process."""
    gc.collect()
    gc.freeze()
    look_rarely()
