"""Training of the shipped heads, on corpora that the user names."""
