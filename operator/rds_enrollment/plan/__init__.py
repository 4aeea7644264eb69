"""Pure planning: what is wanted and what is there give the list of steps. No I/O, no clock, no randomness."""
