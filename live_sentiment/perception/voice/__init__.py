"""Voice activity, acoustic embedding, prosody and emotion of the voice."""
