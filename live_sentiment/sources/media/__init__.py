"""Media files: packets, timestamps, tracks, frames and audio blocks."""
