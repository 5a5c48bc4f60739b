"""What is written of a session."""
