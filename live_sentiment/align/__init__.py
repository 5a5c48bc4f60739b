"""The sliding-window join of the streams, by time and watermarks alone."""
