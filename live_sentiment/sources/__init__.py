"""Where stamped pictures and sound come from."""
