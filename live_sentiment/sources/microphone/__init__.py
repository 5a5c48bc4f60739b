"""Microphones: listing, opening, timestamps on the session's clock, disconnecting."""
