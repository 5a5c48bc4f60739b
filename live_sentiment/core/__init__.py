"""Types, configuration, errors and the clock: what everything else rests on."""
