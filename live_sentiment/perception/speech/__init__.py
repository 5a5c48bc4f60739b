"""Streaming speech to text with committed and partial words."""
