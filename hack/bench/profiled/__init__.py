"""Where the CPU of a pass over ten thousand databases goes, before and after it was looked at."""
