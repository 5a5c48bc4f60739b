"""Cameras: listing, opening, reading, freezing, disconnecting."""
